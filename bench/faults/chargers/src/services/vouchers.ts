import { setTimeout as sleep } from 'node:timers/promises';
import { Prisma, type PrismaClient } from '../generated/prisma/client.js';

export async function redeem(prisma: PrismaClient, code: string, driverId: number): Promise<boolean> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await prisma.$transaction(
        async (tx) => {
          const voucher = await tx.voucher.findUnique({ where: { code }, include: { redemptions: true } });
          if (!voucher || voucher.redemptions.length >= voucher.left) return false;
          await tx.redemption.create({ data: { voucherId: voucher.id, driverId } });
          await tx.driver.update({ where: { id: driverId }, data: { creditCents: { increment: voucher.cents } } });
          return true;
        },
        { isolationLevel: Prisma.TransactionIsolationLevel.Serializable },
      );
    } catch (error) {
      if (!(error instanceof Prisma.PrismaClientKnownRequestError)) throw error;
      if (error.code === 'P2002') return false;
      if (error.code !== 'P2034' || attempt === 5) throw error;
      await sleep(20 * attempt);
    }
  }
}
