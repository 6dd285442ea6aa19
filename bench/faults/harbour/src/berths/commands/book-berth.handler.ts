import { randomUUID } from 'node:crypto';
import { ConflictException } from '@nestjs/common';
import { CommandHandler, ICommandHandler } from '@nestjs/cqrs';
import { Booking } from '@prisma/client';
import { isTwice } from '../../common/violations';
import { JobsService } from '../../jobs/jobs.service';
import { PrismaService } from '../../prisma/prisma.service';
import { BookBerth } from './book-berth.command';

@CommandHandler(BookBerth)
export class BookBerthHandler implements ICommandHandler<BookBerth, string> {
  constructor(
    private readonly prisma: PrismaService,
    private readonly jobs: JobsService,
  ) {}

  async execute({ berthId, skipperId, night, metres }: BookBerth) {
    let booking: Booking;
    try {
      booking = await this.prisma.$transaction(async (tx) => {
        const made = await tx.booking.create({
          data: { code: randomUUID(), berthId, skipperId, night, metres },
        });
        const { count } = await tx.berth.updateMany({
          where: { id: berthId, freeMetres: { gte: metres } },
          data: { freeMetres: { decrement: metres }, boats: { increment: 1 } },
        });
        if (count === 0) throw new ConflictException('there is no room');
        await tx.skipper.update({ where: { id: skipperId }, data: { nights: { increment: 1 } } });
        return made;
      });
    } catch (error) {
      if (isTwice(error)) throw new ConflictException('one berth a night');
      throw error;
    }
    await this.jobs.openGate(booking.id);
    return booking.code;
  }
}
