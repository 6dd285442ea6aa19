'use strict';

const pino = require('pino');

module.exports = {
  databaseUrl: process.env.DATABASE_URL,
  redisUrl: process.env.REDIS_URL || 'redis://127.0.0.1:6379',
  readingsUrl: process.env.READINGS_URL,
  port: Number(process.env.PORT || 3000),
  logger: pino({ base: { service: 'meter-statements', pid: process.pid } }),
};
