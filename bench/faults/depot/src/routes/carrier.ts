import { createHmac, timingSafeEqual } from 'node:crypto';
import type { FastifyInstance } from 'fastify';
import { tracking } from '@app/clients.js';

export async function carrier(app: FastifyInstance): Promise<void> {
  app.post<{ Body: { id: string; label: string; state: string; at: string } }>('/carrier/events', async (request, reply) => {
    const wanted = createHmac('sha256', process.env.CARRIER_SECRET!).update(JSON.stringify(request.body)).digest();
    const given = Buffer.from(String(request.headers['x-carrier-signature']), 'base64');
    if (given.length !== wanted.length || !timingSafeEqual(given, wanted)) {
      return reply.code(401).send();
    }
    await tracking.add('event', request.body, { jobId: request.body.id, attempts: 5 });
    return reply.code(204).send();
  });
}
