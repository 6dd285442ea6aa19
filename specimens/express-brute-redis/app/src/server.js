const express = require('express');
const limits = require('./limits');
const logger = require('./logger');
const { confirm } = require('./sign-in');

const app = express();
app.use(express.json());

app.use((req, res, next) => {
  res.on('finish', () => {
    if (res.statusCode !== 429) return;
    logger.info('too many codes', { mail: req.body.mail, device: req.body.device, status: 429 });
  });
  next();
});

app.get('/health', (req, res) => res.json({ ok: true }));

app.post('/sign-in/confirm', limits.codes, async (req, res) => {
  const { mail, device } = req.body;
  try {
    const { account, accepted } = await confirm(req.body);
    if (!accepted) {
      logger.info('wrong code', { mail, device, status: 401 });
      return res.status(401).json({ error: 'wrong code' });
    }
    logger.info('signed in', { mail, device, account, status: 200 });
    return req.brute.reset(() => res.json({ account }));
  } catch (error) {
    logger.error('sign-in failed', { mail, device, error: error.message, stack: error.stack });
    return res.status(500).json({ error: 'sign-in failed' });
  }
});

const port = Number(process.env.PORT || 3000);
app.listen(port, '127.0.0.1', () => logger.info('sign-in listens', { port }));
