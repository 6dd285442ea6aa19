import { Module } from '@nestjs/common';
import { BullModule } from '@nestjs/bullmq';
import { ScheduleModule } from '@nestjs/schedule';
import { TypeOrmModule } from '@nestjs/typeorm';
import { BillingController } from './billing/billing.controller';
import { BillingService } from './billing/billing.service';
import { TopUp, Wallet } from './billing/wallet.entity';
import { Car } from './cars/car.entity';
import { CarsController } from './cars/cars.controller';
import { CarsService } from './cars/cars.service';
import { KeysProcessor } from './cars/keys.processor';
import { Rental } from './cars/rental.entity';

@Module({
  imports: [
    TypeOrmModule.forRoot({
      type: 'postgres',
      url: process.env.DATABASE_URL,
      entities: [Car, Rental, Wallet, TopUp],
      migrations: ['dist/migrations/*.js'],
    }),
    TypeOrmModule.forFeature([Car, Rental]),
    BullModule.forRoot({ connection: { url: process.env.REDIS_URL } }),
    BullModule.registerQueue({ name: 'keys' }),
    ScheduleModule.forRoot(),
  ],
  controllers: [CarsController, BillingController],
  providers: [CarsService, BillingService, KeysProcessor],
})
export class AppModule {}
