import fp from 'fastify-plugin';
import type { PgBoss } from 'pg-boss';
import { startBoss } from '../lib/queue.js';

declare module 'fastify' {
  interface FastifyInstance {
    boss: PgBoss;
  }
}

export default fp(async (fastify) => {
  const boss = await startBoss();
  fastify.decorate('boss', boss);
  fastify.addHook('onClose', () => boss.stop());
}, { name: 'boss' });
