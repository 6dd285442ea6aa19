import { Injectable } from '@nestjs/common';
import { Cron } from '@nestjs/schedule';
import axios from 'axios';
import Redis from 'ioredis';
import { randomUUID } from 'node:crypto';
import { DataSource } from 'typeorm';
import { TopUp, Wallet } from './wallet.entity';

const RELEASE = "if redis.call('get', KEYS[1]) == ARGV[1] then return redis.call('del', KEYS[1]) else return 0 end";

@Injectable()
export class BillingService {
  private readonly redis = new Redis(process.env.REDIS_URL);

  constructor(private readonly dataSource: DataSource) {}

  async pay(driverId: number, cents: number): Promise<number> {
    return this.dataSource.transaction(async (manager) => {
      const wallet = await manager.findOneOrFail(Wallet, {
        where: { driverId },
        lock: { mode: 'pessimistic_write' },
      });
      if (wallet.cents < cents) {
        throw new Error('not enough');
      }
      wallet.cents -= cents;
      await manager.save(wallet);
      return wallet.cents;
    });
  }

  async send(giverId: number, takerId: number, cents: number): Promise<void> {
    await this.dataSource.transaction(async (manager) => {
      for (const driverId of [giverId, takerId].sort((a, b) => a - b)) {
        await manager.findOneOrFail(Wallet, { where: { driverId }, lock: { mode: 'pessimistic_write' } });
      }
      await manager.decrement(Wallet, { driverId: giverId }, 'cents', cents);
      await manager.increment(Wallet, { driverId: takerId }, 'cents', cents);
    });
  }

  async takeCharge(chargeId: string, driverId: number, cents: number): Promise<void> {
    await this.dataSource.transaction(async (manager) => {
      const made = await manager
        .createQueryBuilder()
        .insert()
        .into(TopUp)
        .values({ chargeId, state: 'new' })
        .orIgnore()
        .returning('id')
        .execute();
      if (made.raw.length === 0) {
        return;
      }
      await manager.increment(Wallet, { driverId }, 'cents', cents);
    });
  }

  async takeState(chargeId: string, state: string, serial: number): Promise<void> {
    await this.dataSource
      .createQueryBuilder()
      .update(TopUp)
      .set({ state, serial })
      .where('charge_id = :chargeId AND serial < :serial', { chargeId, serial })
      .execute();
  }

  @Cron('0 3 * * *')
  async closeMonth(): Promise<void> {
    const token = randomUUID();
    const taken = await this.redis.set('close-month', token, 'EX', 300, 'NX');
    if (!taken) {
      return;
    }
    try {
      await axios.post(`${process.env.BANK_URL}/close`, {}, { timeout: 20_000, headers: { 'Idempotency-Key': 'close' } });
    } finally {
      await this.redis.eval(RELEASE, 1, 'close-month', token);
    }
  }
}
