'use strict';
const Bull = require('bull');
const { Queue, Worker } = require('bullmq');
const url = process.env.REDIS_URL;
const { hostname: host, port } = new URL(url);
const connection = { host, port: Number(port), maxRetriesPerRequest: null };

const send = (queue, ...job) => queue.add(...job); // line: send

async function bull() {
  const queue = new Bull('mail', url);
  const done = new Promise((resolve) => queue.on('completed', resolve));
  queue.process(async (job) => {
    await job.progress(50); // line: bull progress
    await job.update({ step: 2 }); // line: bull update
  });
  await queue.add({ step: 1 }); // line: bull add
  await send(queue, { sent: 1 });
  await done;
  await queue.close();
}

async function bullmq() {
  const queue = new Queue('post', { connection });
  const worker = new Worker(
    'post',
    async (job) => {
      await job.updateProgress(50); // line: bullmq progress
    },
    { connection },
  );
  const done = new Promise((resolve) => worker.on('completed', resolve));
  await queue.add('letter', { step: 1 }); // line: bullmq add
  await send(queue, 'again', { sent: 2 });
  await done;
  await worker.close();
  await queue.close();
}

bull()
  .then(bullmq)
  .then(() => process.exit(0));
