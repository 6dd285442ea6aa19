import { LockMode, raw } from '@mikro-orm/core';
import { InjectRepository } from '@mikro-orm/nestjs';
import { EntityManager, EntityRepository, UniqueConstraintViolationException } from '@mikro-orm/postgresql';
import { InjectQueue } from '@nestjs/bullmq';
import { ConflictException, Injectable } from '@nestjs/common';
import { Queue } from 'bullmq';
import { Patient } from '../patients/patient.entity';
import { Batch } from '../stock/batch.entity';
import { Claim } from './claim.entity';
import { Order, OrderState } from './order.entity';

@Injectable()
export class OrdersService {
  constructor(
    private readonly em: EntityManager,
    @InjectRepository(Order) private readonly orders: EntityRepository<Order>,
    @InjectQueue('dispatch') private readonly dispatch: Queue,
  ) {}

  async place(patientId: number, batchId: number, prescription: string, units: number): Promise<Order> {
    let order: Order;
    try {
      order = await this.em.transactional(async (em) => {
        const batch = await em.findOneOrFail(Batch, { id: batchId }, { lockMode: LockMode.PESSIMISTIC_WRITE });
        if (batch.units < units) throw new ConflictException('out of stock');
        batch.units -= units;
        const made = em.create(Order, {
          patient: em.getReference(Patient, patientId),
          batch,
          prescription,
          units,
          state: OrderState.Placed,
        });
        em.persist(made);
        return made;
      });
    } catch (error) {
      if (error instanceof UniqueConstraintViolationException) throw new ConflictException('prescription used');
      throw error;
    }
    await this.dispatch.add('send', { orderId: order.id }, { jobId: `send-${order.id}` });
    return order;
  }

  async markSent(orderId: number): Promise<void> {
    await this.orders.nativeUpdate({ id: orderId, state: OrderState.Placed }, { state: OrderState.Sent, sentAt: new Date() });
  }

  async unsent(): Promise<Order[]> {
    return this.em.fork().find(Order, { state: OrderState.Placed });
  }

  async credit(reference: string, patientId: number, cents: number): Promise<void> {
    await this.em.fork().transactional(async (em) => {
      try {
        await em.insert(Claim, { insurerReference: reference, patientId, cents });
      } catch (error) {
        if (error instanceof UniqueConstraintViolationException) return;
        throw error;
      }
      await em.nativeUpdate(Patient, { id: patientId }, { creditCents: raw('credit_cents + ?', [cents]) });
    });
  }

  async revise(reference: string, status: string, revision: number): Promise<void> {
    await this.em
      .fork()
      .nativeUpdate(Claim, { insurerReference: reference, revision: { $lt: revision } }, { status, revision });
  }
}
