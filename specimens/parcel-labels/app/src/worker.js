'use strict';

const { Worker } = require('bullmq');
const { logger } = require('./config');
const { createLabel } = require('./carrier');
const { keepLabel } = require('./db');
const { NAME, connect } = require('./queue');

async function work(job) {
  const label = await createLabel(job.data);
  await keepLabel(job.data.parcel, label);
  logger.info({ parcel: job.data.parcel, tracking: label.tracking }, 'label bought');
}

const worker = new Worker(NAME, work, { connection: connect(), concurrency: 4 });

worker.on('failed', (job, err) => logger.error({ parcel: job?.data.parcel, err }, 'label failed'));
worker.waitUntilReady().then(() => logger.info('waiting for parcels'));
