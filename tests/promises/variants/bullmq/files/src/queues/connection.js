'use strict';

const IORedis = require('ioredis');
const config = require('../config');

// BullMQ waits for jobs on its connection and wants no limit of attempts on it.
module.exports = new IORedis(config.redisUrl, { maxRetriesPerRequest: null });
