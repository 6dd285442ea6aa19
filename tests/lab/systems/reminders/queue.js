'use strict';

const NAME = 'reminding';
const { hostname: host, port } = new URL(process.env.REMINDERS_REDIS);
const connection = { host, port: Number(port), maxRetriesPerRequest: null };
const delay = Number(process.env.DELAY_MS);
const retrying = { attempts: 2, backoff: { type: 'fixed', delay } };
const options = process.env.RETRY === 'no' ? { delay } : retrying;

function bull() {
  const Bull = require('bull');
  const queue = new Bull(NAME, { redis: connection });
  return {
    add: (who, id) => queue.add({ who, id }, options),
    work: (handler) => {
      queue.process((job) => handler(job.data, job.attemptsMade));
      return queue.isReady();
    },
  };
}

function bullmq() {
  const { Queue, Worker } = require('bullmq');
  return {
    queue: null,
    add(who, id) {
      this.queue = this.queue || new Queue(NAME, { connection });
      return this.queue.add('remind', { who, id }, options);
    },
    work: (handler) => {
      const worker = new Worker(NAME, (job) => handler(job.data, job.attemptsMade), { connection });
      return worker.waitUntilReady();
    },
  };
}

module.exports = process.env.LIBRARY === 'bullmq' ? bullmq() : bull();
