import { InjectQueue, Processor, WorkerHost } from '@nestjs/bullmq';
import { Cron, CronExpression } from '@nestjs/schedule';
import { Job, Queue } from 'bullmq';
import { OrdersService } from './orders.service';

@Processor('claims')
export class ClaimsProcessor extends WorkerHost {
  constructor(
    private readonly orders: OrdersService,
    @InjectQueue('dispatch') private readonly dispatch: Queue,
  ) {
    super();
  }

  async process(job: Job) {
    switch (job.name) {
      case 'credit':
        return this.orders.credit(job.data.reference, job.data.patient, job.data.cents);
      default:
        throw new Error(`unknown job ${job.name}`);
    }
  }

  @Cron(CronExpression.EVERY_5_MINUTES)
  async resend() {
    for (const order of await this.orders.unsent()) {
      await this.dispatch.add('send', { orderId: order.id }, { jobId: `send-${order.id}` });
    }
  }
}
