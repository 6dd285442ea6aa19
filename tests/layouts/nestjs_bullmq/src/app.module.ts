import { Module } from '@nestjs/common';
import { CheckInsController } from './check-ins/check-ins.controller';
import { CheckInsModule } from './check-ins/check-ins.module';
import { HealthController } from './health/health.controller';
import { InfrastructureModule } from './infrastructure.module';

@Module({
  imports: [InfrastructureModule, CheckInsModule],
  controllers: [CheckInsController, HealthController],
})
export class AppModule {}
