import { ConflictException } from '@nestjs/common';
import { CommandHandler, ICommandHandler } from '@nestjs/cqrs';
import { isTwice } from '../../common/violations';
import { PrismaService } from '../../prisma/prisma.service';
import { RegisterSkipper } from './register-skipper.command';

@CommandHandler(RegisterSkipper)
export class RegisterSkipperHandler implements ICommandHandler<RegisterSkipper, number> {
  constructor(private readonly prisma: PrismaService) {}

  async execute({ email }: RegisterSkipper) {
    const known = await this.prisma.skipper.findUnique({ where: { email } });
    if (known) throw new ConflictException('the address is taken');
    try {
      const made = await this.prisma.skipper.create({ data: { email } });
      return made.id;
    } catch (error) {
      if (isTwice(error)) throw new ConflictException('the address is taken');
      throw error;
    }
  }
}
