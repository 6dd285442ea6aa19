import { randomBytes } from 'node:crypto';
import { Type, type FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { redeem } from '../../services/vouchers.js';

const vouchers: FastifyPluginAsyncTypebox = async (fastify) => {
  fastify.post(
    '/',
    { schema: { body: Type.Object({ left: Type.Integer(), cents: Type.Integer() }) } },
    async (request, reply) => {
      const code = randomBytes(12).toString('base64url');
      await fastify.prisma.voucher.create({ data: { code, ...request.body } });
      return reply.code(201).send({ code });
    },
  );

  fastify.post(
    '/:code/redemptions',
    { schema: { params: Type.Object({ code: Type.String() }), body: Type.Object({ driver: Type.Integer() }) } },
    async (request, reply) => {
      const done = await redeem(fastify.prisma, request.params.code, request.body.driver);
      return done ? reply.code(204).send() : reply.conflict();
    },
  );
};

export default vouchers;
