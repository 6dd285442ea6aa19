import { InjectQueue } from '@nestjs/bullmq';
import { BadRequestException, Controller, Headers, HttpCode, Post, RawBodyRequest, Req } from '@nestjs/common';
import { Queue } from 'bullmq';
import { createHmac, timingSafeEqual } from 'node:crypto';
import type { Request } from 'express';
import { OrdersService } from './orders.service';

@Controller('insurer')
export class InsurerController {
  constructor(
    @InjectQueue('claims') private readonly claims: Queue,
    private readonly orders: OrdersService,
  ) {}

  @Post('webhook')
  @HttpCode(202)
  async receive(@Req() request: RawBodyRequest<Request>, @Headers('x-insurer-signature') given: string) {
    const wanted = createHmac('sha256', process.env.INSURER_SECRET!).update(request.rawBody!).digest();
    const signature = Buffer.from(given ?? '', 'hex');
    if (signature.length !== wanted.length || !timingSafeEqual(signature, wanted)) {
      throw new BadRequestException('signature');
    }
    const event = request.body;
    switch (event.type) {
      case 'claim.paid':
        await this.claims.add('credit', event, { jobId: `claim-${event.reference}` });
        break;
      case 'claim.revised':
        await this.orders.revise(event.reference, event.status, event.revision);
        break;
    }
  }
}
