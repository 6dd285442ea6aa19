const cache = require('./cache');
const log = require('./log');
const topUps = require('./queues/top-ups');
const { book } = require('./services/booking');

async function main() {
  await cache.connect();
  topUps.process(4, (job) => book(job.data));
  topUps.on('completed', (job) => log.info('booked', { job: job.id }));
  topUps.on('failed', (job, error) => log.error(error.message, { job: job.id }));
  await topUps.isReady();
  log.info('worker ready for top-ups');
}

main().catch((error) => {
  log.error(error.stack);
  process.exit(1);
});
