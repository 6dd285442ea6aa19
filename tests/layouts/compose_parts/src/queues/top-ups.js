const Queue = require('bull');
const { redis } = require('../config');

module.exports = new Queue('top-ups', {
  redis: { host: redis.host, port: redis.port },
  defaultJobOptions: { attempts: 1, removeOnComplete: 500 },
});
