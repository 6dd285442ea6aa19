import { Type, type FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import * as sessions from '../../services/sessions.js';

const connectors: FastifyPluginAsyncTypebox = async (fastify) => {
  fastify.post(
    '/:id/sessions',
    { schema: { params: Type.Object({ id: Type.Integer() }), body: Type.Object({ driver: Type.Integer() }) } },
    async function (request, reply) {
      const session = await sessions.start(this.prisma, request.params.id, request.body.driver);
      if (!session) return reply.conflict('busy');
      return reply.code(201).send({ id: session.id });
    },
  );

  fastify.delete(
    '/:id/sessions/:session',
    { schema: { params: Type.Object({ id: Type.Integer(), session: Type.String() }) } },
    async (request, reply) => {
      await sessions.stop(fastify.prisma, fastify.boss, request.params.session);
      return reply.code(204).send();
    },
  );

  fastify.put(
    '/:station/:number',
    { schema: { params: Type.Object({ station: Type.String(), number: Type.Integer() }) } },
    async (request) => {
      const { station, number } = request.params;
      const connector = await fastify.prisma.connector.upsert({
        where: { station_number: { station, number } },
        create: { station, number },
        update: {},
      });
      return { id: connector.id };
    },
  );

  fastify.patch(
    '/:id/settings',
    {
      schema: {
        params: Type.Object({ id: Type.Integer() }),
        body: Type.Record(Type.String(), Type.String()),
      },
    },
    async (request, reply) => {
      const { prisma } = request.server;
      const connector = await prisma.connector.findUnique({ where: { id: request.params.id } });
      if (!connector) return reply.notFound();
      const settings = { ...(connector.settings as Record<string, string>), ...request.body };
      const saved = await prisma.connector.updateMany({
        where: { id: connector.id, revision: connector.revision },
        data: { settings, revision: { increment: 1 } },
      });
      if (saved.count === 0) return reply.conflict('changed meanwhile');
      return settings;
    },
  );
};

export default connectors;
