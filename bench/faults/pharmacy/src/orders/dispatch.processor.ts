import { EntityManager } from '@mikro-orm/postgresql';
import { OnWorkerEvent, Processor, WorkerHost } from '@nestjs/bullmq';
import { Logger } from '@nestjs/common';
import { Job } from 'bullmq';
import { Order } from './order.entity';
import { OrdersService } from './orders.service';

@Processor('dispatch', { concurrency: 10 })
export class DispatchProcessor extends WorkerHost {
  private readonly logger = new Logger(DispatchProcessor.name);

  constructor(
    private readonly em: EntityManager,
    private readonly orders: OrdersService,
  ) {
    super();
  }

  async process(job: Job<{ orderId: number }>): Promise<void> {
    const order = await this.em.fork().findOneOrFail(Order, { id: job.data.orderId }, { populate: ['patient'] });
    const answer = await fetch(`${process.env.COURIER_URL}/parcels`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'Idempotency-Key': order.code },
      body: JSON.stringify({ order: order.code, to: order.patient.insuranceNumber }),
      signal: AbortSignal.timeout(10_000),
    });
    if (!answer.ok) throw new Error(`courier answered ${answer.status}`);
    await this.orders.markSent(order.id);
  }

  @OnWorkerEvent('failed')
  failed(job: Job, error: Error) {
    this.logger.warn(`${job.id} failed: ${error.message}`);
  }
}
