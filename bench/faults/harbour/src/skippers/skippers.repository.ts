import { ConflictException, Injectable } from '@nestjs/common';
import { Prisma, Skipper } from '@prisma/client';

type Client = Prisma.TransactionClient;

@Injectable()
export class SkippersRepository {
  /** Locked in the order of their keys, until the transaction ends. */
  async locked(tx: Client, ids: number[]) {
    const sorted = [...ids].sort((one, other) => one - other);
    return tx.$queryRaw<Skipper[]>`
      SELECT id, balance_cents AS "balanceCents" FROM skippers
      WHERE id IN (${Prisma.join(sorted)}) ORDER BY id FOR UPDATE`;
  }

  async credit(tx: Client, id: number, cents: number) {
    await tx.skipper.update({ where: { id }, data: { balanceCents: { increment: cents } } });
  }

  async charge(tx: Client, id: number, cents: number) {
    const { count } = await tx.skipper.updateMany({
      where: { id, balanceCents: { gte: cents } },
      data: { balanceCents: { decrement: cents } },
    });
    if (count === 0) throw new ConflictException('the balance is too low');
  }
}
