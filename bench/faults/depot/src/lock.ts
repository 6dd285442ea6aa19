import { randomUUID } from 'node:crypto';
import { redis } from '@app/clients.js';

const RELEASE = `if redis.call("get", KEYS[1]) == ARGV[1] then return redis.call("del", KEYS[1]) else return 0 end`;

export async function exclusively<T>(name: string, ttlMs: number, work: () => Promise<T>): Promise<T | null> {
  const key = `exclusive:${name}`;
  const token = randomUUID();
  const got = await redis.set(key, token, { NX: true, PX: ttlMs });
  if (!got) return null;
  try {
    return await work();
  } finally {
    await redis.eval(RELEASE, { keys: [key], arguments: [token] });
  }
}
