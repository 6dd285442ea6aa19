import { raw } from '@mikro-orm/core';
import { InjectRepository } from '@mikro-orm/nestjs';
import { EntityManager, EntityRepository } from '@mikro-orm/postgresql';
import { ConflictException, Injectable, NotFoundException } from '@nestjs/common';
import { Batch } from './batch.entity';

@Injectable()
export class StockService {
  constructor(
    private readonly em: EntityManager,
    @InjectRepository(Batch) private readonly batches: EntityRepository<Batch>,
  ) {}

  async receive(drug: string, lot: string): Promise<Batch> {
    return this.em.upsert(Batch, { drug, lot }, { onConflictFields: ['drug', 'lot'], onConflictMergeFields: ['drug'] });
  }

  async scan(id: number): Promise<void> {
    await this.batches.nativeUpdate({ id }, { scans: raw('scans + 1') });
  }

  async take(id: number, units: number): Promise<void> {
    const changed = await this.batches.nativeUpdate(
      { id, units: { $gte: units } },
      { units: raw('units - ?', [units]) },
    );
    if (changed === 0) throw new ConflictException('not enough units');
  }

  async annotate(id: number, key: string, text: string): Promise<void> {
    const batch = await this.batches.findOne({ id });
    if (!batch) throw new NotFoundException();
    batch.notes = { ...batch.notes, [key]: text };
    await this.em.flush();
  }
}
