import { createHmac, timingSafeEqual } from 'node:crypto';
import {
  Controller,
  Headers,
  HttpCode,
  Post,
  RawBodyRequest,
  Req,
  UnauthorizedException,
} from '@nestjs/common';
import { Request } from 'express';
import { JobsService } from '../jobs/jobs.service';

@Controller('hooks')
export class PaymentsController {
  constructor(private readonly jobs: JobsService) {}

  @Post('payments')
  @HttpCode(202)
  async paid(@Req() request: RawBodyRequest<Request>, @Headers('x-signature') signature: string) {
    const expected = createHmac('sha256', process.env.PAYMENTS_SECRET!)
      .update(request.rawBody!)
      .digest();
    if (!timingSafeEqual(expected, Buffer.from(signature, 'hex'))) throw new UnauthorizedException();
    const { reference, skipperId, cents } = request.body;
    await this.jobs.book({ reference, skipperId, cents });
  }
}
