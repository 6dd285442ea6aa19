import { connection, pool, READINGS_QUEUE, settings, type Reading } from '@meterhub/shared';
import { Worker } from 'bullmq';
import { storeReading } from './storeReading';

const worker = new Worker<Reading>(READINGS_QUEUE, storeReading, {
  connection,
  concurrency: settings.concurrency,
});

worker.on('ready', () => console.log(`worker is listening on queue ${READINGS_QUEUE}`));
worker.on('failed', (job, error) => console.error(`job ${job?.id} failed: ${error.message}`));
worker.on('error', (error) => console.error(`queue: ${error.message}`));

async function stop(): Promise<void> {
  await worker.close();
  await pool.end();
  process.exit(0);
}

process.once('SIGINT', stop);
process.once('SIGTERM', stop);
