import { EntityManager } from '@mikro-orm/postgresql';
import { Injectable } from '@nestjs/common';
import { Cron } from '@nestjs/schedule';
import { Lease } from '../common/lease';
import { Batch } from './batch.entity';

@Injectable()
export class RestockTask {
  constructor(
    private readonly em: EntityManager,
    private readonly lease: Lease,
  ) {}

  @Cron('0 5 * * *')
  async order() {
    await this.lease.hold('restock', 10 * 60_000, async () => {
      const low = await this.em.fork().find(Batch, { units: { $lt: 10 } }, { orderBy: { drug: 'asc' } });
      await fetch(`${process.env.WHOLESALE_URL}/requests`, {
        method: 'POST',
        body: JSON.stringify(low.map((each) => each.drug)),
        signal: AbortSignal.timeout(30_000),
      });
    });
  }
}
