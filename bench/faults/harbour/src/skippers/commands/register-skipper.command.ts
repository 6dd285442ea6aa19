import { Command } from '@nestjs/cqrs';

export class RegisterSkipper extends Command<number> {
  constructor(readonly email: string) {
    super();
  }
}
