import { LockMode, UniqueConstraintViolationException } from '@mikro-orm/core';
import { EntityManager } from '@mikro-orm/postgresql';
import { ConflictException, Injectable } from '@nestjs/common';
import { Patient } from './patient.entity';

@Injectable()
export class PatientsService {
  constructor(private readonly em: EntityManager) {}

  async register(insuranceNumber: string): Promise<Patient> {
    const known = await this.em.findOne(Patient, { insuranceNumber });
    if (known) return known;
    try {
      const patient = this.em.create(Patient, { insuranceNumber, creditCents: 0 });
      await this.em.persistAndFlush(patient);
      return patient;
    } catch (error) {
      if (error instanceof UniqueConstraintViolationException) {
        return this.em.fork().findOneOrFail(Patient, { insuranceNumber });
      }
      throw error;
    }
  }

  async spend(patientId: number, cents: number): Promise<void> {
    await this.em.transactional(async (em) => {
      const patient = await em.findOneOrFail(Patient, patientId, { lockMode: LockMode.PESSIMISTIC_WRITE });
      if (patient.creditCents < cents) throw new ConflictException('not enough credit');
      patient.creditCents -= cents;
    });
  }

  async move(fromId: number, toId: number, cents: number): Promise<void> {
    await this.em.transactional(async (em) => {
      const ids = [fromId, toId].sort((a, b) => a - b);
      const rows = new Map<number, Patient>();
      for (const id of ids) {
        rows.set(id, await em.findOneOrFail(Patient, { id }, { lockMode: LockMode.PESSIMISTIC_WRITE }));
      }
      const from = rows.get(fromId)!;
      const to = rows.get(toId)!;
      if (from.creditCents < cents) throw new ConflictException('not enough credit');
      from.creditCents -= cents;
      to.creditCents += cents;
    });
  }
}
