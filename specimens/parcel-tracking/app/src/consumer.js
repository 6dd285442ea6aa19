'use strict';

const { Worker } = require('bullmq');
const { QUEUE, connect } = require('./queue');
const { record } = require('./parcels');
const { log } = require('./log');

const worker = new Worker(QUEUE, (job) => record(job.data), { connection: connect() });

worker.on('failed', (job, error) => log(`job ${job.id} failed: ${error.message}`));
worker.waitUntilReady().then(() => log('consuming scans'));
