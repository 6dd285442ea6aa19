'use strict';

const pino = require('pino');
const config = require('./index');

const logger = pino({
  level: config.logLevel,
  messageKey: 'message',
  timestamp: pino.stdTimeFunctions.isoTime,
  formatters: { level: (label) => ({ level: label }) },
  base: { service: 'orders', pid: process.pid },
  redact: ['req.headers.authorization', 'req.headers["stripe-signature"]'],
});

module.exports = logger;
