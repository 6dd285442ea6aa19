'use strict';

const Redis = require('ioredis');

const QUEUE = 'scans';

function connect() {
  return new Redis(process.env.REDIS_URL, { maxRetriesPerRequest: null });
}

module.exports = { QUEUE, connect };
