import { BullModule } from '@nestjs/bullmq';
import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { config } from './config';
import { options } from './database/data-source';

@Module({
  imports: [TypeOrmModule.forRoot(options), BullModule.forRoot({ connection: config.redis })],
})
export class InfrastructureModule {}
