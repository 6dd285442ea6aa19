const express = require('express');
const database = require('./database');
const hooks = require('./hooks');
const logger = require('./logger');

const app = express();
app.use(express.json());
app.use('/hooks', hooks);

app.get('/health', (req, res) => res.json({ ok: true }));

app.get('/plans', async (req, res, next) => {
  try {
    res.json(await database('plans').orderBy('price'));
  } catch (error) {
    next(error);
  }
});

app.post('/subscriptions', async (req, res, next) => {
  const { customer, plan } = req.body;
  try {
    const [id] = await database('subscriptions').insert({ customer, plan }).returning('id');
    res.status(201).json({ id });
  } catch (error) {
    next(error);
  }
});

const port = Number(process.env.PORT || 3000);
app.listen(port, '127.0.0.1', () => logger.info('api listens', { port }));
