import { Type, type FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { Prisma } from '../../generated/prisma/client.js';
import { move, NotEnough } from '../../services/wallet.js';

const drivers: FastifyPluginAsyncTypebox = async (fastify) => {
  fastify.post(
    '/',
    { schema: { body: Type.Object({ phone: Type.String() }) } },
    async (request, reply) => {
      const { phone } = request.body;
      const known = await fastify.prisma.driver.findUnique({ where: { phone } });
      if (known) return { id: known.id };
      try {
        const made = await fastify.prisma.driver.create({ data: { phone } });
        return reply.code(201).send({ id: made.id });
      } catch (error) {
        if (error instanceof Prisma.PrismaClientKnownRequestError && error.code === 'P2002') {
          const other = await fastify.prisma.driver.findUniqueOrThrow({ where: { phone } });
          return { id: other.id };
        }
        throw error;
      }
    },
  );

  fastify.post(
    '/:id/moves',
    {
      schema: {
        params: Type.Object({ id: Type.Integer() }),
        body: Type.Object({ to: Type.Integer(), cents: Type.Integer({ minimum: 1 }) }),
      },
    },
    async (request, reply) => {
      try {
        await move(fastify.prisma, request.params.id, request.body.to, request.body.cents);
      } catch (error) {
        if (error instanceof NotEnough) return reply.paymentRequired();
        throw error;
      }
      return reply.code(204).send();
    },
  );
};

export default drivers;
