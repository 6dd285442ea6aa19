import { Body, Controller, HttpCode, Param, ParseIntPipe, Post } from '@nestjs/common';
import { PatientsService } from './patients.service';

@Controller('patients')
export class PatientsController {
  constructor(private readonly patients: PatientsService) {}

  @Post()
  async register(@Body('insuranceNumber') insuranceNumber: string) {
    const patient = await this.patients.register(insuranceNumber);
    return { id: patient.id };
  }

  @Post(':id/spendings')
  @HttpCode(204)
  async spend(@Param('id', ParseIntPipe) id: number, @Body('cents', ParseIntPipe) cents: number) {
    await this.patients.spend(id, cents);
  }

  @Post(':id/moves/:to')
  @HttpCode(204)
  async move(
    @Param('id', ParseIntPipe) id: number,
    @Param('to', ParseIntPipe) to: number,
    @Body('cents', ParseIntPipe) cents: number,
  ) {
    await this.patients.move(id, to, cents);
  }
}
