import { Column, Entity, PrimaryGeneratedColumn } from 'typeorm';

@Entity('wallets')
export class Wallet {
  @PrimaryGeneratedColumn()
  id: number;

  @Column({ name: 'driver_id', unique: true })
  driverId: number;

  @Column('int', { default: 0 })
  cents: number;
}

@Entity('top_ups')
export class TopUp {
  @PrimaryGeneratedColumn()
  id: number;

  @Column({ name: 'charge_id', unique: true })
  chargeId: string;

  @Column()
  state: string;

  @Column('bigint', { default: 0 })
  serial: number;
}
