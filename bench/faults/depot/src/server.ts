import Fastify from 'fastify';
import { redis } from '@app/clients.js';
import { articles } from '@app/routes/articles.js';
import { carrier } from '@app/routes/carrier.js';

const app = Fastify({ logger: true });
await redis.connect();
await app.register(articles);
await app.register(carrier, { prefix: '/v1' });
await app.listen({ port: Number(process.env.PORT) });
