import { Column, Entity, PrimaryGeneratedColumn, VersionColumn } from 'typeorm';

@Entity('cars')
export class Car {
  @PrimaryGeneratedColumn()
  id: number;

  @Column({ unique: true })
  plate: string;

  @Column({ default: true })
  free: boolean;

  @Column('int', { default: 0 })
  mileage: number;

  @VersionColumn()
  version: number;
}
