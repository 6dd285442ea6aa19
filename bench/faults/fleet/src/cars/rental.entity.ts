import { Column, Entity, Index, PrimaryGeneratedColumn } from 'typeorm';

@Entity('rentals')
@Index(['driverId', 'day'], { unique: true })
export class Rental {
  @PrimaryGeneratedColumn()
  id: number;

  @Column({ name: 'car_id' })
  carId: number;

  @Column({ name: 'driver_id' })
  driverId: number;

  @Column()
  day: string;

  @Column({ unique: true })
  code: string;
}
