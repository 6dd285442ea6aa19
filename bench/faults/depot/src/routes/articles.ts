import { randomUUID } from 'node:crypto';
import type { FastifyInstance } from 'fastify';
import { Prisma } from '@prisma/client';
import { labels, prisma } from '@app/clients.js';

export async function articles(app: FastifyInstance): Promise<void> {
  app.post<{ Params: { sku: string } }>('/articles/:sku/ship', async (request, reply) => {
    const parcel = await prisma.$transaction(async (tx) => {
      const { count } = await tx.article.updateMany({
        where: { sku: request.params.sku, stock: { gt: 0 } },
        data: { stock: { decrement: 1 } },
      });
      if (count === 0) return null;
      const article = await tx.article.findUniqueOrThrow({ where: { sku: request.params.sku } });
      return tx.parcel.create({ data: { articleId: article.id, label: randomUUID() } });
    });
    if (!parcel) return reply.code(409).send({ error: 'sold out' });
    await labels.add('print', { parcelId: parcel.id }, { jobId: `print-${parcel.id}`, attempts: 3 });
    return reply.code(201).send(parcel);
  });

  app.post<{ Params: { sku: string }; Body: { tag: string } }>('/articles/:sku/tags', async (request, reply) => {
    for (let attempt = 0; attempt < 5; attempt += 1) {
      const article = await prisma.article.findUniqueOrThrow({ where: { sku: request.params.sku } });
      const tags = [...(article.tags as string[]), request.body.tag];
      const { count } = await prisma.article.updateMany({
        where: { id: article.id, version: article.version },
        data: { tags, version: { increment: 1 } },
      });
      if (count === 1) return reply.send({ tags });
    }
    return reply.code(409).send({ error: 'too many at once' });
  });

  app.get<{ Params: { sku: string } }>('/articles/:sku', async (request) => {
    return prisma.article.update({
      where: { sku: request.params.sku },
      data: { views: { increment: 1 } },
    });
  });

  app.post<{ Body: { vatId: string } }>('/dealers', async (request, reply) => {
    try {
      const dealer = await prisma.dealer.create({ data: { vatId: request.body.vatId } });
      return reply.code(201).send(dealer);
    } catch (error) {
      if (error instanceof Prisma.PrismaClientKnownRequestError && error.code === 'P2002') {
        return prisma.dealer.findUnique({ where: { vatId: request.body.vatId } });
      }
      throw error;
    }
  });

  app.post<{ Params: { id: string }; Body: { amount: number } }>('/dealers/:id/withdraw', async (request, reply) => {
    const id = Number(request.params.id);
    const { amount } = request.body;
    const left = await prisma.$transaction(async (tx) => {
      const [dealer] = await tx.$queryRaw<{ balance: number }[]>`SELECT balance FROM dealers WHERE id = ${id} FOR UPDATE`;
      if (!dealer || dealer.balance < amount) return null;
      const changed = await tx.dealer.update({ where: { id }, data: { balance: dealer.balance - amount } });
      return changed.balance;
    });
    if (left === null) return reply.code(402).send({ error: 'not enough' });
    return reply.send({ left });
  });
}
