import { parseReading, readingsQueue, type Reading } from '@meterhub/shared';
import type { FastifyInstance } from 'fastify';

/** Meters push here, and push again when they get no answer in time. */
export async function readingRoutes(app: FastifyInstance): Promise<void> {
  const queue = readingsQueue();
  app.addHook('onClose', () => queue.close());

  app.post('/readings', async (request, reply) => {
    let reading: Reading;
    try {
      reading = parseReading(request.body);
    } catch (error) {
      return reply.code(422).send({ error: (error as Error).message });
    }
    const job = await queue.add('store', reading);
    return reply.code(202).send({ job: job.id });
  });
}
