'use strict';
// Bull: jobs added at once and in bulk, progress and data from within jobs.
const Bull = require('bull');
const { tag, rounds, version } = require('./tags.cjs');

const send = (queue) => queue.add({ step: tag('send') }); // line: send

async function main() {
  const queue = new Bull('lines', process.env.REDIS_URL);
  let left = rounds * 5;
  const done = new Promise((resolve) => queue.on('completed', () => (left -= 1) || resolve()));
  queue.process(3, async (job) => {
    await job.progress(tag('progress')); // line: progress
    await job.update({ step: tag('update') }); // line: update
  });
  for (let round = 0; round < rounds; round += 1) {
    await queue.add({ step: tag('add') }); // line: add
    await Promise.all([
      send(queue),
      queue.add({ step: tag('add_delayed') }, { delay: 1 }), // line: add_delayed
      queue.addBulk([{ data: { step: tag('bulk') } }, { data: { step: tag('bulk') } }]), // line: bulk
    ]);
  }
  await done;
  await queue.close();
  version('bull');
}

main();
