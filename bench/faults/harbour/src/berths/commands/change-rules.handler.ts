import { ConflictException } from '@nestjs/common';
import { CommandHandler, ICommandHandler } from '@nestjs/cqrs';
import { PrismaService } from '../../prisma/prisma.service';
import { ChangeRules } from './change-rules.command';

@CommandHandler(ChangeRules)
export class ChangeRulesHandler implements ICommandHandler<ChangeRules, void> {
  constructor(private readonly prisma: PrismaService) {}

  async execute(command: ChangeRules) {
    const berth = await this.prisma.berth.findUniqueOrThrow({ where: { id: command.berthId } });
    const rules = { ...(berth.rules as Record<string, string>), ...command.rules };
    const { count } = await this.prisma.berth.updateMany({
      where: { id: command.berthId, revision: berth.revision },
      data: { rules, revision: berth.revision + 1 },
    });
    if (count === 0) throw new ConflictException('somebody else has changed the rules');
  }
}
