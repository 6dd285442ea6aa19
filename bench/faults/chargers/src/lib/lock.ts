import { randomUUID } from 'node:crypto';
import type { Redis } from 'ioredis';

const UNLOCK = `if redis.call("GET", KEYS[1]) == ARGV[1] then return redis.call("DEL", KEYS[1]) else return 0 end`;

export async function withLock(redis: Redis, name: string, ttlSeconds: number, work: () => Promise<void>) {
  const token = randomUUID();
  const locked = await redis.set(name, token, 'EX', ttlSeconds, 'NX');
  if (!locked) return false;
  try {
    await work();
  } finally {
    await redis.eval(UNLOCK, 1, name, token);
  }
  return true;
}
