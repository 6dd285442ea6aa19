import fp from 'fastify-plugin';
import { Redis } from 'ioredis';

declare module 'fastify' {
  interface FastifyInstance {
    redis: Redis;
  }
}

export default fp(async (fastify) => {
  fastify.decorate('redis', new Redis(process.env.REDIS_URL ?? 'redis://localhost:6379'));
  fastify.addHook('onClose', async () => {
    await fastify.redis.quit();
  });
}, { name: 'redis' });
