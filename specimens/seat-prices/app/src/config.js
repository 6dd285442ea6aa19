'use strict';

const pino = require('pino');

module.exports = {
  databaseUrl: process.env.DATABASE_URL,
  redisUrl: process.env.REDIS_URL || 'redis://127.0.0.1:6379',
  port: Number(process.env.PORT || 3000),
  cacheSeconds: Number(process.env.CACHE_SECONDS || 86400),
  logger: pino({ base: { service: 'seat-prices' } }),
};
