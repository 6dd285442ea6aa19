import { BadRequestException, Body, Controller, Headers, HttpCode, Param, ParseIntPipe, Post } from '@nestjs/common';
import { createHmac, timingSafeEqual } from 'node:crypto';
import { BillingService } from './billing.service';

interface Charge {
  id: string;
  driver: number;
  cents: number;
  state: string;
  serial: number;
}

@Controller('billing')
export class BillingController {
  constructor(private readonly billing: BillingService) {}

  @Post('wallets/:id/pay')
  pay(@Param('id', ParseIntPipe) id: number, @Body('cents') cents: number) {
    return this.billing.pay(id, cents);
  }

  @Post('wallets/:giver/send/:taker')
  send(@Param('giver', ParseIntPipe) giver: number, @Param('taker', ParseIntPipe) taker: number, @Body('cents') cents: number) {
    return this.billing.send(giver, taker, cents);
  }

  @Post('charges')
  @HttpCode(204)
  async charged(@Body() charge: Charge, @Headers('x-charge-signature') signature: string) {
    const wanted = createHmac('sha256', process.env.CHARGE_SECRET).update(JSON.stringify(charge)).digest('hex');
    if (wanted.length !== signature.length || !timingSafeEqual(Buffer.from(wanted), Buffer.from(signature))) {
      throw new BadRequestException();
    }
    await this.billing.takeCharge(charge.id, charge.driver, charge.cents);
    await this.billing.takeState(charge.id, charge.state, charge.serial);
  }
}
