import { Entity, Enum, Index, ManyToOne, PrimaryKey, Property, Unique } from '@mikro-orm/core';
import { randomUUID } from 'node:crypto';
import { Patient } from '../patients/patient.entity';
import { Batch } from '../stock/batch.entity';

export enum OrderState {
  Placed = 'placed',
  Sent = 'sent',
  Refunded = 'refunded',
}

@Entity({ tableName: 'orders' })
@Index({ properties: ['state'] })
@Unique({ properties: ['prescription'], name: 'orders_prescription_unique' })
export class Order {
  @PrimaryKey()
  id!: number;

  @Property({ unique: true })
  code: string = randomUUID();

  @Property()
  prescription!: string;

  @ManyToOne(() => Patient)
  patient!: Patient;

  @ManyToOne(() => Batch)
  batch!: Batch;

  @Property()
  units!: number;

  @Enum(() => OrderState)
  state: OrderState = OrderState.Placed;

  @Property({ nullable: true })
  sentAt?: Date;
}
