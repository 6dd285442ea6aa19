import { InjectQueue } from '@nestjs/bullmq';
import { BadRequestException, Body, Controller, HttpCode, Post } from '@nestjs/common';
import { Queue } from 'bullmq';
import { CHECK_INS_QUEUE, CheckInDto } from './check-in.dto';

@Controller('check-ins')
export class CheckInsController {
  constructor(@InjectQueue(CHECK_INS_QUEUE) private readonly queue: Queue<CheckInDto>) {}

  /** Gates report a visit, and again after a time-out. */
  @Post()
  @HttpCode(202)
  async report(@Body() body: CheckInDto) {
    if (!body?.badge || !body?.gate) throw new BadRequestException('badge and gate are needed');
    const job = await this.queue.add('visit', { badge: body.badge, gate: body.gate });
    return { job: job.id };
  }
}
