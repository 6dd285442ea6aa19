import { ConflictException, Injectable, NotFoundException } from '@nestjs/common';
import { InjectQueue } from '@nestjs/bullmq';
import { InjectRepository } from '@nestjs/typeorm';
import { Queue } from 'bullmq';
import { randomUUID } from 'node:crypto';
import { DataSource, QueryFailedError, Repository } from 'typeorm';
import { Car } from './car.entity';
import { Rental } from './rental.entity';

@Injectable()
export class CarsService {
  constructor(
    private readonly dataSource: DataSource,
    @InjectRepository(Car) private readonly cars: Repository<Car>,
    @InjectRepository(Rental) private readonly rentals: Repository<Rental>,
    @InjectQueue('keys') private readonly keys: Queue,
  ) {}

  async rent(carId: number, driverId: number, day: string): Promise<Rental> {
    let rental: Rental;
    try {
      rental = await this.dataSource.transaction(async (manager) => {
        const taken = await manager.update(Car, { id: carId, free: true }, { free: false });
        if (!taken.affected) {
          throw new ConflictException('taken');
        }
        return manager.save(Rental, { carId, driverId, day, code: randomUUID() });
      });
    } catch (error) {
      if (error instanceof QueryFailedError && error.driverError.code === '23505') {
        throw new ConflictException('one a day');
      }
      throw error;
    }
    await this.keys.add('unlock', { rentalId: rental.id }, { jobId: `unlock-${rental.id}`, attempts: 5 });
    return rental;
  }

  async drive(carId: number, kilometres: number): Promise<void> {
    await this.cars.increment({ id: carId }, 'mileage', kilometres);
  }

  async register(plate: string): Promise<void> {
    await this.cars
      .createQueryBuilder()
      .insert()
      .values({ plate })
      .orIgnore()
      .execute();
  }

  async find(id: number): Promise<Rental> {
    const rental = await this.rentals.findOneBy({ id });
    if (!rental) {
      throw new NotFoundException();
    }
    return rental;
  }
}
