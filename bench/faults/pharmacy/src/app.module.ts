import { MikroOrmModule } from '@mikro-orm/nestjs';
import { Module } from '@nestjs/common';
import { InsurerController } from './orders/insurer.controller';
import { Claim } from './orders/claim.entity';
import { Order } from './orders/order.entity';
import { OrdersController } from './orders/orders.controller';
import { OrdersService } from './orders/orders.service';
import { Patient } from './patients/patient.entity';
import { PatientsController } from './patients/patients.controller';
import { PatientsService } from './patients/patients.service';
import { SharedModule } from './shared.module';
import { Batch } from './stock/batch.entity';
import { StockController } from './stock/stock.controller';
import { StockService } from './stock/stock.service';

@Module({
  imports: [SharedModule, MikroOrmModule.forFeature([Batch, Order, Claim, Patient])],
  controllers: [OrdersController, InsurerController, PatientsController, StockController],
  providers: [OrdersService, PatientsService, StockService],
})
export class AppModule {}
