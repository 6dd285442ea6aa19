const express = require('express');
const logger = require('./logger');
const queue = require('./queue');

const app = express();
app.use(express.json());

app.get('/health', (req, res) => res.json({ ok: true }));

app.post('/invoices', (req, res, next) => {
  const { invoice, to } = req.body;
  queue.add({ invoice, to }).then((job) => {
    logger.info('letter queued', { invoice, job: job.jobId });
    res.status(202).json({ job: job.jobId });
  }).catch(next);
});

const port = Number(process.env.PORT || 3000);
queue.on('ready', () => {
  app.listen(port, '127.0.0.1', () => logger.info('letters listen', { port }));
});
