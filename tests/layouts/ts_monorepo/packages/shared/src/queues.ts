import { Queue, type ConnectionOptions } from 'bullmq';
import type { Reading } from './reading';
import { settings } from './settings';

export const READINGS_QUEUE = 'readings';

const url = new URL(settings.redisUrl);

export const connection: ConnectionOptions = {
  host: url.hostname,
  port: Number(url.port || 6379),
  password: url.password || undefined,
  maxRetriesPerRequest: null,
};

export function readingsQueue(): Queue<Reading> {
  return new Queue<Reading>(READINGS_QUEUE, {
    connection,
    defaultJobOptions: { attempts: 1, removeOnComplete: 1000, removeOnFail: 5000 },
  });
}
