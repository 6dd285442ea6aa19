import type { PgBoss } from 'pg-boss';
import { Prisma, type PrismaClient } from '../generated/prisma/client.js';
import { QUEUES } from '../lib/queue.js';

export async function start(prisma: PrismaClient, connectorId: number, driverId: number) {
  return prisma.$transaction(async (tx) => {
    const taken = await tx.connector.updateMany({
      where: { id: connectorId, state: 'free' },
      data: { state: 'busy', uses: { increment: 1 } },
    });
    if (taken.count === 0) return null;
    await tx.driver.update({ where: { id: driverId }, data: { starts: { increment: 1 } } });
    return tx.session.create({ data: { connectorId, driverId } });
  });
}

export async function stop(prisma: PrismaClient, boss: PgBoss, sessionId: string) {
  await prisma.$transaction(async (tx) => {
    const ended = await tx.session.updateMany({
      where: { id: sessionId, endedAt: null },
      data: { endedAt: new Date() },
    });
    if (ended.count === 0) return;
    const session = await tx.session.findUniqueOrThrow({ where: { id: sessionId } });
    await tx.connector.update({ where: { id: session.connectorId }, data: { state: 'free' } });
    await boss.send(QUEUES.bill, { sessionId }, { db: inside(tx) });
  });
}

export async function meter(prisma: PrismaClient, sessionId: string, number: number, wattHours: number) {
  await prisma.session.updateMany({
    where: { id: sessionId, meterNumber: { lt: number } },
    data: { wattHours, meterNumber: number },
  });
}

/** Sends jobs by the connection of the transaction, so that they exist if and only if it commits. */
function inside(tx: Prisma.TransactionClient) {
  return {
    executeSql: async (text: string, values: unknown[]) => ({
      rows: await tx.$queryRawUnsafe<unknown[]>(text, ...values),
    }),
  };
}
