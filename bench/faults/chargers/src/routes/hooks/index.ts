import { createHmac, timingSafeEqual } from 'node:crypto';
import type { FastifyPluginAsync, FastifyRequest } from 'fastify';
import { QUEUES } from '../../lib/queue.js';
import { meter } from '../../services/sessions.js';

function isSigned(request: FastifyRequest, secret: string) {
  const wanted = createHmac('sha256', secret).update(request.rawBody as string).digest();
  const given = Buffer.from(String(request.headers['x-signature']), 'hex');
  return given.length === wanted.length && timingSafeEqual(given, wanted);
}

interface Payment {
  intent: string;
  driver: number;
  cents: number;
}

interface Reading {
  session: string;
  number: number;
  wattHours: number;
}

const hooks: FastifyPluginAsync = async (fastify) => {
  fastify.addHook('preHandler', async (request, reply) => {
    if (!isSigned(request, process.env.HOOK_SECRET!)) return reply.badRequest('signature');
  });

  fastify.post<{ Body: Payment }>('/payments', { config: { rawBody: true } }, async (request, reply) => {
    const { intent, driver, cents } = request.body;
    await fastify.boss.send(
      QUEUES.topUp,
      { intent, driver, cents },
      { singletonKey: intent, singletonSeconds: 24 * 3600 },
    );
    return reply.code(202).send();
  });

  fastify.post<{ Body: Reading }>('/meters', { config: { rawBody: true } }, async (request, reply) => {
    await meter(fastify.prisma, request.body.session, request.body.number, request.body.wattHours);
    return reply.code(204).send();
  });
};

export default hooks;
