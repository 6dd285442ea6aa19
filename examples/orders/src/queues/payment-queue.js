'use strict';

const Queue = require('bull');
const config = require('../config');
const bullConfig = require('../config/bull-config');
const logger = require('../config/logger');

const paymentQueue = new Queue('payments', config.redisUrl, bullConfig);

paymentQueue.on('error', (err) => {
  logger.error({ err, queue: paymentQueue.name }, 'queue error');
});

module.exports = paymentQueue;
