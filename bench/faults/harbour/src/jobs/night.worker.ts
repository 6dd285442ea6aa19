import { Inject, Injectable, OnModuleInit } from '@nestjs/common';
import PgBoss from 'pg-boss';
import { underLease } from '../common/lease';
import { PrismaService } from '../prisma/prisma.service';

@Injectable()
export class NightWorker implements OnModuleInit {
  constructor(
    @Inject('PG_BOSS') private readonly boss: PgBoss,
    private readonly prisma: PrismaService,
  ) {}

  async onModuleInit() {
    await this.boss.schedule('night', '0 2 * * *');
    await this.boss.work('night', () => underLease('night', 300, () => this.close()));
  }

  /** The port authority takes the list of a night in place of an earlier one. */
  private async close() {
    const night = new Date().toISOString().slice(0, 10);
    const bookings = await this.prisma.booking.findMany({ where: { night } });
    await fetch(`${process.env.AUTHORITY_URL}/nights/${night}`, {
      method: 'PUT',
      headers: { 'idempotency-key': `night-${night}` },
      body: JSON.stringify(bookings.map((each) => each.code)),
      signal: AbortSignal.timeout(60_000),
    });
  }
}
