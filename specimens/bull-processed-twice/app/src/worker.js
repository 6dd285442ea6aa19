const express = require('express');
const logger = require('./logger');
const queue = require('./queue');
const { print } = require('./print');

queue.on('failed', (job, error) => logger.error('letter failed', { invoice: job.data.invoice, job: job.jobId, error: error.message }));
queue.on('stalled', (job) => logger.warn('job taken over', { job: job.jobId, invoice: job.data.invoice }));

const app = express();

app.get('/health', (req, res) => res.json({ ok: true }));

// After a release, what the workers that went away have left is not to wait for the next look.
app.post('/hooks/take-over', (req, res, next) => {
  queue.processStalledJobs().then(() => res.json({ ok: true })).catch(next);
});

const port = Number(process.env.PORT || 3001);
queue.on('ready', () => {
  queue.process(print);
  app.listen(port, '127.0.0.1', () => logger.info('worker listens', { port }));
});
