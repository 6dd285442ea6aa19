import { Entity, PrimaryKey, Property } from '@mikro-orm/core';

@Entity({ tableName: 'claims' })
export class Claim {
  @PrimaryKey()
  id!: number;

  @Property({ unique: true })
  insurerReference!: string;

  @Property()
  patientId!: number;

  @Property()
  cents!: number;

  @Property({ default: 'received' })
  status: string = 'received';

  @Property({ default: 0 })
  revision: number = 0;
}
