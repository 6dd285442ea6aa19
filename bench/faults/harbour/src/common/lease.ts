import { randomUUID } from 'node:crypto';
import Redis from 'ioredis';

const redis = new Redis(process.env.REDIS_URL ?? 'redis://localhost:6379');

const GIVE_BACK = `
if redis.call('get', KEYS[1]) == ARGV[1] then
  return redis.call('del', KEYS[1])
end
return 0`;

/** Runs the work unless another process is at it; the lease is longer than the work may take. */
export async function underLease<T>(name: string, seconds: number, work: () => Promise<T>) {
  const owner = randomUUID();
  const taken = await redis.set(`lease:${name}`, owner, 'EX', seconds, 'NX');
  if (taken !== 'OK') return undefined;
  try {
    return await work();
  } finally {
    await redis.eval(GIVE_BACK, 1, `lease:${name}`, owner);
  }
}
