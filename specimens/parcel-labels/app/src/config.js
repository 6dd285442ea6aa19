'use strict';

const pino = require('pino');

module.exports = {
  databaseUrl: process.env.DATABASE_URL,
  redisUrl: process.env.REDIS_URL || 'redis://127.0.0.1:6379',
  carrierUrl: process.env.CARRIER_URL,
  port: Number(process.env.PORT || 3000),
  logger: pino({ base: { service: 'parcel-labels', pid: process.pid } }),
};
