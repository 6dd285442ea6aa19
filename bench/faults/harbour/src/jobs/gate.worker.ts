import { Inject, Injectable, OnModuleInit } from '@nestjs/common';
import PgBoss from 'pg-boss';
import { PrismaService } from '../prisma/prisma.service';

@Injectable()
export class GateWorker implements OnModuleInit {
  constructor(
    @Inject('PG_BOSS') private readonly boss: PgBoss,
    private readonly prisma: PrismaService,
  ) {}

  async onModuleInit() {
    await this.boss.work<{ bookingId: number }>('gate', ([job]) => this.open(job.data.bookingId));
  }

  /** The gate knows a request that it has seen before by its key. */
  private async open(bookingId: number) {
    const booking = await this.prisma.booking.findUniqueOrThrow({ where: { id: bookingId } });
    if (booking.gateOpen) return;
    const answer = await fetch(`${process.env.GATE_URL}/passes`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'idempotency-key': `pass-${booking.code}` },
      body: JSON.stringify({ code: booking.code, night: booking.night }),
      signal: AbortSignal.timeout(20_000),
    });
    if (!answer.ok) throw new Error(`the gate answered ${answer.status}`);
    await this.prisma.booking.update({ where: { id: bookingId }, data: { gateOpen: true } });
  }
}
