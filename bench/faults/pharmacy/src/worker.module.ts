import { MikroOrmModule } from '@mikro-orm/nestjs';
import { Module } from '@nestjs/common';
import { ScheduleModule } from '@nestjs/schedule';
import { ClaimsProcessor } from './orders/claims.processor';
import { DispatchProcessor } from './orders/dispatch.processor';
import { Claim } from './orders/claim.entity';
import { Order } from './orders/order.entity';
import { OrdersService } from './orders/orders.service';
import { Patient } from './patients/patient.entity';
import { SharedModule } from './shared.module';
import { Batch } from './stock/batch.entity';
import { RestockTask } from './stock/restock.task';
import { Lease } from './common/lease';

@Module({
  imports: [SharedModule, ScheduleModule.forRoot(), MikroOrmModule.forFeature([Batch, Order, Claim, Patient])],
  providers: [DispatchProcessor, ClaimsProcessor, OrdersService, RestockTask, Lease],
})
export class WorkerModule {}
