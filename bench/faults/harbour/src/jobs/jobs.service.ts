import { Inject, Injectable } from '@nestjs/common';
import PgBoss from 'pg-boss';

@Injectable()
export class JobsService {
  constructor(@Inject('PG_BOSS') private readonly boss: PgBoss) {}

  async openGate(bookingId: number) {
    await this.boss.send('gate', { bookingId }, { retryLimit: 5, retryBackoff: true });
  }

  async book(deposit: { reference: string; skipperId: number; cents: number }) {
    await this.boss.send('deposits', deposit, { retryLimit: 8, retryDelay: 10 });
  }

  async report(passage: { vessel: string; state: string; number: number }) {
    await this.boss.send('passages', passage, { retryLimit: 3 });
  }
}
