'use strict';
// BullMQ: jobs added at once, in bulk and as a flow, progress and data from within jobs.
const { Queue, Worker, FlowProducer } = require('bullmq');
const { tag, rounds, version } = require('./tags.cjs');
const { hostname: host, port } = new URL(process.env.REDIS_URL);
const connection = { host, port: Number(port), maxRetriesPerRequest: null };

const send = (queue) => queue.add('letter', { step: tag('send') }); // line: send

async function main() {
  const queue = new Queue('lines', { connection });
  const flow = new FlowProducer({ connection });
  let left = rounds * 6;
  const work = async (job) => {
    await job.updateProgress({ at: tag('progress') }); // line: progress
    await job.updateData({ step: tag('update') }); // line: update
    await job.log(tag('log')); // line: log
  };
  const worker = new Worker('lines', work, { connection, concurrency: 3 });
  const done = new Promise((resolve) => worker.on('completed', () => (left -= 1) || resolve()));
  for (let round = 0; round < rounds; round += 1) {
    await queue.add('letter', { step: tag('add') }); // line: add
    await Promise.all([
      send(queue),
      queue.add('letter', { step: tag('add_delayed') }, { delay: 1 }), // line: add_delayed
      queue.addBulk([{ name: 'a', data: { step: tag('bulk') } }, { name: 'b', data: { step: tag('bulk') } }]), // line: bulk
    ]);
    await flow.add({ name: 'parent', queueName: 'lines', data: { step: tag('flow') } }); // line: flow
  }
  await done;
  await worker.close();
  await queue.close();
  await flow.close();
  version('bullmq');
}

main().then(() => process.exit(0));
