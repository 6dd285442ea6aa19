'use strict';

const pino = require('pino');
const config = require('./index');

const logger = pino({
  level: config.logLevel,
  base: { service: 'orders', pid: process.pid },
  redact: ['req.headers.authorization', 'req.headers["stripe-signature"]'],
});

module.exports = logger;
