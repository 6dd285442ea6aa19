const express = require('express');
const database = require('./database');
const hooks = require('./hooks');
const logger = require('./logger');

const app = express();
app.use(express.json());
app.use('/hooks', hooks);

app.get('/health', (req, res) => res.json({ ok: true }));

// Called by the scheduler once a day.
app.post('/runs', async (req, res, next) => {
  try {
    const renewed = await database('subscriptions')
      .where('renews_at', '<=', database.fn.now())
      .update({ renews_at: database.raw("renews_at + interval '1 month'") });
    logger.info('subscriptions renewed', { renewed });
    res.json({ renewed });
  } catch (error) {
    next(error);
  }
});

const port = Number(process.env.PORT || 3001);
app.listen(port, '127.0.0.1', () => logger.info('renewals listen', { port }));
