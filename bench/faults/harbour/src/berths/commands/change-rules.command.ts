import { Command } from '@nestjs/cqrs';

export class ChangeRules extends Command<void> {
  constructor(
    readonly berthId: number,
    readonly rules: Record<string, string>,
  ) {
    super();
  }
}
