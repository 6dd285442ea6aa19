import { Body, Controller, Get, Param, ParseIntPipe, Patch, Post } from '@nestjs/common';
import { CommandBus } from '@nestjs/cqrs';
import { BookDto } from './book.dto';
import { BookBerth } from './commands/book-berth.command';
import { ChangeRules } from './commands/change-rules.command';
import { TidesService } from './tides.service';

@Controller('berths')
export class BerthsController {
  constructor(
    private readonly commands: CommandBus,
    private readonly tides: TidesService,
  ) {}

  @Post(':id/bookings')
  async book(@Param('id', ParseIntPipe) id: number, @Body() body: BookDto) {
    const code = await this.commands.execute(
      new BookBerth(id, body.skipperId, body.night, body.metres),
    );
    return { code };
  }

  @Patch(':id/rules')
  async change(@Param('id', ParseIntPipe) id: number, @Body() body: Record<string, string>) {
    await this.commands.execute(new ChangeRules(id, body));
  }

  @Get('tides')
  async show() {
    return this.tides.table();
  }
}
