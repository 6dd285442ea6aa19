import { Body, Controller, Post } from '@nestjs/common';
import { IsInt, IsString, Min } from 'class-validator';
import { OrdersService } from './orders.service';

export class PlaceOrder {
  @IsInt()
  patientId!: number;

  @IsInt()
  batchId!: number;

  @IsString()
  prescription!: string;

  @IsInt()
  @Min(1)
  units!: number;
}

@Controller({ path: 'orders', version: '1' })
export class OrdersController {
  constructor(private readonly orders: OrdersService) {}

  @Post()
  async place(@Body() wanted: PlaceOrder) {
    const order = await this.orders.place(wanted.patientId, wanted.batchId, wanted.prescription, wanted.units);
    return { code: order.code };
  }
}
