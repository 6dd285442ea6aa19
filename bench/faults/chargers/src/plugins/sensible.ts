import sensible from '@fastify/sensible';
import fp from 'fastify-plugin';
import rawBody from 'fastify-raw-body';

export default fp(async (fastify) => {
  await fastify.register(sensible);
  await fastify.register(rawBody, { global: false, runFirst: true });
});
