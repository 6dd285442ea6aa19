import { Entity, PrimaryKey, Property, Unique } from '@mikro-orm/core';

@Entity({ tableName: 'batches' })
@Unique({ properties: ['drug', 'lot'] })
export class Batch {
  @PrimaryKey()
  id!: number;

  @Property()
  drug!: string;

  @Property()
  lot!: string;

  @Property({ default: 0 })
  units: number = 0;

  @Property({ default: 0 })
  scans: number = 0;

  @Property({ type: 'json', nullable: true })
  notes?: Record<string, string>;

  @Property({ version: true })
  version!: number;
}
