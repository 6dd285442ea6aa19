import { OnWorkerEvent, Processor, WorkerHost } from '@nestjs/bullmq';
import { Logger } from '@nestjs/common';
import type { Job } from 'bullmq';
import { CHECK_INS_QUEUE, CheckInDto } from './check-in.dto';
import { CheckInsService } from './check-ins.service';

@Processor(CHECK_INS_QUEUE)
export class CheckInsProcessor extends WorkerHost {
  private readonly logger = new Logger(CheckInsProcessor.name);

  constructor(private readonly checkIns: CheckInsService) {
    super();
  }

  async process(job: Job<CheckInDto>): Promise<number> {
    return this.checkIns.enter(job.data);
  }

  @OnWorkerEvent('failed')
  onFailed(job: Job<CheckInDto>, error: Error) {
    this.logger.error(`visit ${job.id} failed: ${error.message}`);
  }
}
