import { Collection, Entity, OneToMany, PrimaryKey, Property } from '@mikro-orm/core';
import { Order } from '../orders/order.entity';

@Entity({ tableName: 'patients' })
export class Patient {
  @PrimaryKey()
  id!: number;

  @Property({ unique: true })
  insuranceNumber!: string;

  @Property({ default: 0 })
  creditCents: number = 0;

  @OneToMany(() => Order, (order) => order.patient)
  orders = new Collection<Order>(this);
}
