'use strict';

const NAME = 'printing';
const { hostname: host, port } = new URL(process.env.TICKETS_REDIS);
const connection = { host, port: Number(port), maxRetriesPerRequest: null };

function options(holder) {
  return process.env.ONCE === 'yes' ? { jobId: `print-${holder}` } : {};
}

function bull() {
  const Bull = require('bull');
  const queue = new Bull(NAME, { redis: connection });
  return {
    add: (holder) => queue.add({ holder }, options(holder)),
    work: (handler) => {
      queue.process((job) => handler(job.data.holder));
      queue.on('failed', (job, error) => console.error(`printing failed: ${error.message}`));
      return queue.isReady();
    },
  };
}

function bullmq() {
  const { Queue, Worker } = require('bullmq');
  return {
    queue: null,
    add(holder) {
      this.queue = this.queue || new Queue(NAME, { connection });
      return this.queue.add('print', { holder }, options(holder));
    },
    work: (handler) => {
      const worker = new Worker(NAME, (job) => handler(job.data.holder), { connection });
      worker.on('failed', (job, error) => console.error(`printing failed: ${error.message}`));
      return worker.waitUntilReady();
    },
  };
}

module.exports = process.env.LIBRARY === 'bullmq' ? bullmq() : bull();
