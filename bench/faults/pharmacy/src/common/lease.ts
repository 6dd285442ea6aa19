import { Injectable } from '@nestjs/common';
import { randomUUID } from 'node:crypto';
import Redis from 'ioredis';

const RELEASE = `
  if redis.call('get', KEYS[1]) == ARGV[1] then
    return redis.call('del', KEYS[1])
  end
  return 0
`;

@Injectable()
export class Lease {
  private readonly redis = new Redis(process.env.REDIS_URL!);

  async hold<T>(name: string, milliseconds: number, work: () => Promise<T>): Promise<T | undefined> {
    const key = `lease:${name}`;
    const token = randomUUID();
    const taken = await this.redis.set(key, token, 'PX', milliseconds, 'NX');
    if (taken !== 'OK') return undefined;
    try {
      return await work();
    } finally {
      await this.redis.eval(RELEASE, 1, key, token);
    }
  }
}
