'use strict';

const { Queue } = require('bullmq');
const bullConfig = require('../config/bull-config');
const logger = require('../config/logger');
const connection = require('./connection');

const paymentQueue = new Queue('payments', { connection, ...bullConfig });

paymentQueue.on('error', (err) => {
  logger.error({ err, queue: paymentQueue.name }, 'queue error');
});

module.exports = paymentQueue;
