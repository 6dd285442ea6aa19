const express = require('express');
const devices = require('./devices');
const logger = require('./logger');
const { store } = require('./sessions');

const STEPS = ['address', 'income', 'employer'];

const app = express();
app.use(express.json());

app.get('/health', (req, res) => res.json({ ok: true }));

app.put('/application/:step', devices, (req, res, next) => {
  const { step } = req.params;
  if (!STEPS.includes(step)) return res.status(404).json({ error: 'there is no such step' });
  req.session[step] = req.body;
  return req.session.save((error) => {
    if (error) return next(error);
    logger.info('step saved', { device: req.sessionID, step });
    return res.json({ saved: step });
  });
});

app.get('/application', devices, (req, res) => {
  res.json(Object.fromEntries(STEPS.map((step) => [step, req.session[step] || null])));
});

// Support looks whether a device has come as far as its customer says.
app.get('/support/devices/:device', (req, res, next) => {
  const { device } = req.params;
  store.get(device, (error, saved) => {
    if (error) return next(error);
    const steps = STEPS.filter((step) => saved && saved[step]);
    const complete = steps.length >= Number(req.query.steps || STEPS.length);
    logger.info('application looked at', { device, steps, complete });
    return res.status(complete ? 200 : 409).json({ device, steps });
  });
});

app.use((error, req, res, next) => {
  logger.error('request failed', { path: req.path, error: error.message, stack: error.stack });
  if (res.headersSent) return next(error);
  return res.status(500).json({ error: 'request failed' });
});

const port = Number(process.env.PORT || 3000);
app.listen(port, '127.0.0.1', () => logger.info('loan applications listen', { port }));
