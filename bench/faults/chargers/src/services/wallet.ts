import { Prisma, type PrismaClient } from '../generated/prisma/client.js';

export class NotEnough extends Error {}

export async function move(prisma: PrismaClient, from: number, to: number, cents: number) {
  await prisma.$transaction(async (tx) => {
    await tx.$queryRaw`SELECT id FROM drivers WHERE id IN (${Prisma.join([from, to])}) ORDER BY id FOR UPDATE`;
    const giver = await tx.driver.findUniqueOrThrow({ where: { id: from } });
    if (giver.creditCents < cents) throw new NotEnough();
    await tx.driver.update({ where: { id: from }, data: { creditCents: { decrement: cents } } });
    await tx.driver.update({ where: { id: to }, data: { creditCents: { increment: cents } } });
  });
}

export async function charge(prisma: PrismaClient, driverId: number, cents: number) {
  const { count } = await prisma.driver.updateMany({
    where: { id: driverId, creditCents: { gte: cents } },
    data: { creditCents: { decrement: cents } },
  });
  if (count === 0) throw new NotEnough();
}

export async function topUp(prisma: PrismaClient, intentId: string, driverId: number, cents: number) {
  try {
    await prisma.$transaction([
      prisma.topUp.create({ data: { intentId, driverId, cents } }),
      prisma.driver.update({ where: { id: driverId }, data: { creditCents: { increment: cents } } }),
    ]);
  } catch (error) {
    if (error instanceof Prisma.PrismaClientKnownRequestError && error.code === 'P2002') return;
    throw error;
  }
}
