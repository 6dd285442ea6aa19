import { Column, Entity, PrimaryGeneratedColumn } from 'typeorm';

@Entity()
export class Member {
  @PrimaryGeneratedColumn()
  id: number;

  @Column({ unique: true })
  badge: string;

  @Column({ default: 0 })
  visits: number;

  @Column({ name: 'last_gate', type: 'varchar', nullable: true })
  lastGate: string | null;
}
