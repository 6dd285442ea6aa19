import { BullModule } from '@nestjs/bullmq';
import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { MembersModule } from '../members/members.module';
import { CHECK_INS_QUEUE } from './check-in.dto';
import { CheckIn } from './check-in.entity';
import { CheckInsService } from './check-ins.service';

@Module({
  imports: [
    BullModule.registerQueue({ name: CHECK_INS_QUEUE }),
    TypeOrmModule.forFeature([CheckIn]),
    MembersModule,
  ],
  providers: [CheckInsService],
  exports: [BullModule, CheckInsService],
})
export class CheckInsModule {}
