import { Module } from '@nestjs/common';
import { CheckInsModule } from './check-ins/check-ins.module';
import { CheckInsProcessor } from './check-ins/check-ins.processor';
import { InfrastructureModule } from './infrastructure.module';

@Module({
  imports: [InfrastructureModule, CheckInsModule],
  providers: [CheckInsProcessor],
})
export class WorkerModule {}
