import { Body, Controller, Param, ParseIntPipe, Post } from '@nestjs/common';
import { CommandBus } from '@nestjs/cqrs';
import { RegisterSkipper } from './commands/register-skipper.command';
import { TransferBalance } from './commands/transfer-balance.command';

@Controller('skippers')
export class SkippersController {
  constructor(private readonly commands: CommandBus) {}

  @Post()
  async register(@Body() body: { email: string }) {
    return { id: await this.commands.execute(new RegisterSkipper(body.email)) };
  }

  @Post(':id/transfers')
  async transfer(
    @Param('id', ParseIntPipe) id: number,
    @Body() body: { toId: number; cents: number },
  ) {
    await this.commands.execute(new TransferBalance(id, body.toId, body.cents));
  }
}
