import { Command } from '@nestjs/cqrs';

export class TransferBalance extends Command<void> {
  constructor(
    readonly fromId: number,
    readonly toId: number,
    readonly cents: number,
  ) {
    super();
  }
}
