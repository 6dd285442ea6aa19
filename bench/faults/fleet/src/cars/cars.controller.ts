import { Body, Controller, Get, Param, ParseIntPipe, Post } from '@nestjs/common';
import { CarsService } from './cars.service';

@Controller('cars')
export class CarsController {
  constructor(private readonly service: CarsService) {}

  @Post()
  register(@Body('plate') plate: string) {
    return this.service.register(plate);
  }

  @Post(':id/rentals')
  rent(@Param('id', ParseIntPipe) id: number, @Body() body: { driverId: number; day: string }) {
    return this.service.rent(id, body.driverId, body.day);
  }

  @Post(':id/kilometres')
  drive(@Param('id', ParseIntPipe) id: number, @Body('kilometres') kilometres: number) {
    return this.service.drive(id, kilometres);
  }

  @Get('rentals/:id')
  find(@Param('id', ParseIntPipe) id: number) {
    return this.service.find(id);
  }
}
