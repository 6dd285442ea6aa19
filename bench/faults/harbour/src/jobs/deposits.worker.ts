import { Inject, Injectable, OnModuleInit } from '@nestjs/common';
import PgBoss from 'pg-boss';
import { isTwice } from '../common/violations';
import { PrismaService } from '../prisma/prisma.service';
import { SkippersRepository } from '../skippers/skippers.repository';

interface Deposit {
  reference: string;
  skipperId: number;
  cents: number;
}

@Injectable()
export class DepositsWorker implements OnModuleInit {
  constructor(
    @Inject('PG_BOSS') private readonly boss: PgBoss,
    private readonly prisma: PrismaService,
    private readonly skippers: SkippersRepository,
  ) {}

  async onModuleInit() {
    await this.boss.work<Deposit>('deposits', ([job]) => this.book(job.data));
  }

  /** The mail service sends one mail for one key. */
  private async thank({ reference, skipperId }: Deposit) {
    const answer = await fetch(`${process.env.MAIL_URL}/messages`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'idempotency-key': `receipt-${reference}` },
      body: JSON.stringify({ template: 'receipt', skipperId, reference }),
    });
    if (!answer.ok) throw new Error(`the mail service answered ${answer.status}`);
  }

  private async book(deposit: Deposit) {
    try {
      await this.prisma.$transaction(async (tx) => {
        await tx.deposit.create({
          data: {
            reference: deposit.reference,
            skipperId: deposit.skipperId,
            cents: deposit.cents,
          },
        });
        await this.skippers.credit(tx, deposit.skipperId, deposit.cents);
      });
    } catch (error) {
      if (!isTwice(error)) throw error;
    }
    await this.thank(deposit);
  }
}
