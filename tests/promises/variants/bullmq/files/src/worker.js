'use strict';

const { Worker } = require('bullmq');
const logger = require('./config/logger');
const connection = require('./queues/connection');
const processPayment = require('./jobs/payment-processor');
const { sequelize } = require('./models');
const { onShutdown } = require('./utils/shutdown');

function logFields(job) {
  const { reqId, eventId, paymentIntentId } = job.data;
  return { reqId, jobId: job.id, eventId, paymentIntentId };
}

async function main() {
  await sequelize.authenticate();

  const worker = new Worker('payments', processPayment, { connection, concurrency: 1 });

  worker.on('completed', (job) => {
    logger.info({ ...logFields(job), durationMs: Date.now() - job.processedOn }, 'job completed');
  });
  worker.on('failed', (job, err) => {
    logger.error({
      ...logFields(job),
      attempt: job.attemptsMade,
      attempts: job.opts.attempts,
      err,
    }, 'job failed');
  });
  worker.on('stalled', (jobId) => {
    logger.warn({ jobId }, 'job stalled');
  });
  worker.on('error', (err) => {
    logger.error({ err, queue: worker.name }, 'queue error');
  });

  await worker.waitUntilReady();
  logger.info({ queue: worker.name }, 'worker ready');

  onShutdown([
    () => worker.close(),
    () => connection.quit(),
    () => sequelize.close(),
  ]);
}

main().catch((err) => {
  logger.fatal({ err }, 'worker could not start');
  process.exit(1);
});
