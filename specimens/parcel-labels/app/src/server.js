'use strict';

const fastify = require('fastify');
const { logger, port } = require('./config');
const { keepParcel } = require('./db');
const { buyLabel } = require('./queue');

const app = fastify({ loggerInstance: logger, disableRequestLogging: true });

const packed = {
  body: {
    type: 'object',
    required: ['parcel', 'weightGrams', 'country'],
    properties: {
      parcel: { type: 'string', maxLength: 64 },
      weightGrams: { type: 'integer', minimum: 1 },
      country: { type: 'string', minLength: 2, maxLength: 2 },
    },
  },
};

app.get('/healthz', async () => ({ ok: true }));

app.post('/parcels/packed', { schema: packed }, async (request, reply) => {
  await keepParcel(request.body);
  const job = await buyLabel(request.body);
  request.log.info({ parcel: request.body.parcel, job: job.id }, 'parcel packed');
  return reply.code(202).send({ parcel: request.body.parcel });
});

app.listen({ port, host: '127.0.0.1' }).catch((error) => {
  logger.fatal(error);
  process.exit(1);
});
