import { BadRequestException } from '@nestjs/common';
import { CommandHandler, ICommandHandler } from '@nestjs/cqrs';
import { PrismaService } from '../../prisma/prisma.service';
import { SkippersRepository } from '../skippers.repository';
import { TransferBalance } from './transfer-balance.command';

@CommandHandler(TransferBalance)
export class TransferBalanceHandler implements ICommandHandler<TransferBalance, void> {
  constructor(
    private readonly prisma: PrismaService,
    private readonly skippers: SkippersRepository,
  ) {}

  async execute({ fromId, toId, cents }: TransferBalance) {
    if (fromId === toId) throw new BadRequestException();
    await this.prisma.$transaction(async (tx) => {
      await this.skippers.locked(tx, [fromId, toId]);
      await this.skippers.charge(tx, fromId, cents);
      await this.skippers.credit(tx, toId, cents);
    });
  }
}
