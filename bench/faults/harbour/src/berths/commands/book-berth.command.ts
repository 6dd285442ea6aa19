import { Command } from '@nestjs/cqrs';

export class BookBerth extends Command<string> {
  constructor(
    readonly berthId: number,
    readonly skipperId: number,
    readonly night: string,
    readonly metres: number,
  ) {
    super();
  }
}
