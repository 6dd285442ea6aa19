import fastify, { type FastifyInstance } from 'fastify';
import { meterRoutes } from './routes/meters';
import { readingRoutes } from './routes/readings';

export function buildApp(): FastifyInstance {
  const app = fastify({ logger: { level: process.env.LOG_LEVEL ?? 'info' } });
  app.get('/healthz', async () => ({ status: 'ok' }));
  app.register(readingRoutes, { prefix: '/v1' });
  app.register(meterRoutes, { prefix: '/v1' });
  return app;
}
