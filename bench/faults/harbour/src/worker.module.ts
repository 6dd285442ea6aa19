import { Module } from '@nestjs/common';
import { BossModule } from './jobs/boss.module';
import { GateWorker } from './jobs/gate.worker';
import { DepositsWorker } from './jobs/deposits.worker';
import { NightWorker } from './jobs/night.worker';
import { PassagesWorker } from './jobs/passages.worker';
import { PrismaModule } from './prisma/prisma.module';
import { SkippersRepository } from './skippers/skippers.repository';

@Module({
  imports: [PrismaModule, BossModule],
  providers: [GateWorker, DepositsWorker, NightWorker, PassagesWorker, SkippersRepository],
})
export class WorkerModule {}
