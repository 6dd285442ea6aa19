import { MikroOrmModule } from '@mikro-orm/nestjs';
import { BullModule } from '@nestjs/bullmq';
import { Module } from '@nestjs/common';
import { ConfigModule, ConfigService } from '@nestjs/config';
import config from './mikro-orm.config';

@Module({
  imports: [
    ConfigModule.forRoot({ isGlobal: true }),
    MikroOrmModule.forRoot(config),
    BullModule.forRootAsync({
      inject: [ConfigService],
      useFactory: (settings: ConfigService) => ({
        connection: { url: settings.getOrThrow('REDIS_URL') },
      }),
    }),
    BullModule.registerQueue({
      name: 'dispatch',
      defaultJobOptions: { attempts: 5, backoff: { type: 'exponential', delay: 2000 }, removeOnComplete: { age: 86400 } },
    }),
    BullModule.registerQueue({ name: 'claims', defaultJobOptions: { attempts: 8, removeOnComplete: { age: 604800 } } }),
  ],
  exports: [MikroOrmModule, BullModule],
})
export class SharedModule {}
