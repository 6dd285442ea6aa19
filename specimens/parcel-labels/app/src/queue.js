'use strict';

const { Queue } = require('bullmq');
const IORedis = require('ioredis');
const { redisUrl } = require('./config');

const NAME = 'labels';

const connect = () => new IORedis(redisUrl, { maxRetriesPerRequest: null });

const labels = new Queue(NAME, { connection: connect() });

/** A parcel that is posted more than once is one job. */
function buyLabel(parcel) {
  return labels.add('buy', parcel, {
    jobId: `label-${parcel.parcel}`,
    attempts: 1,
    removeOnComplete: true,
    removeOnFail: 500,
  });
}

module.exports = { NAME, connect, buyLabel };
