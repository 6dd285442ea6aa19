import { Redis } from 'ioredis';
import { request } from 'undici';
import type { PrismaClient } from '../generated/prisma/client.js';
import { withLock } from '../lib/lock.js';

export function report(prisma: PrismaClient, redis: Redis) {
  return async () => {
    await withLock(redis, 'lock:report', 600, async () => {
      const broken = await prisma.connector.findMany({ where: { state: 'broken' } });
      await request(`${process.env.OPERATIONS_URL}/reports`, {
        method: 'POST',
        headersTimeout: 60_000,
        body: JSON.stringify(broken),
      });
    });
  };
}
