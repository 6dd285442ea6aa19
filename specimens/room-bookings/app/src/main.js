import Fastify from 'fastify';
import routes from './routes.js';
import { sequelize } from './store.js';

const app = Fastify({ logger: { level: process.env.LOG_LEVEL ?? 'info' } });
app.get('/ping', async () => {
  await sequelize.authenticate();
  return 'pong';
});
app.register(routes);
await app.listen({ port: Number(process.env.PORT ?? 8080), host: '127.0.0.1' });
