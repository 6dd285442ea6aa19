'use strict';

const logger = require('./config/logger');
const paymentQueue = require('./queues/payment-queue');
const processPayment = require('./jobs/payment-processor');
const { sequelize } = require('./models');
const { onShutdown } = require('./utils/shutdown');

function logFields(job) {
  const { reqId, eventId, paymentIntentId } = job.data;
  return { reqId, jobId: job.id, eventId, paymentIntentId };
}

async function main() {
  await sequelize.authenticate();
  await paymentQueue.isReady();

  paymentQueue.on('completed', (job) => {
    logger.info({ ...logFields(job), durationMs: Date.now() - job.processedOn }, 'job completed');
  });
  paymentQueue.on('failed', (job, err) => {
    logger.error({
      ...logFields(job),
      attempt: job.attemptsMade,
      attempts: job.opts.attempts,
      err,
    }, 'job failed');
  });
  paymentQueue.on('stalled', (job) => {
    logger.warn(logFields(job), 'job stalled');
  });

  paymentQueue.process('process-payment', processPayment);
  logger.info({ queue: paymentQueue.name }, 'worker ready');

  onShutdown([
    () => paymentQueue.close(),
    () => sequelize.close(),
  ]);
}

main().catch((err) => {
  logger.fatal({ err }, 'worker could not start');
  process.exit(1);
});
