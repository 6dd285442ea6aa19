import { Body, Controller, HttpCode, Param, ParseIntPipe, Patch, Post } from '@nestjs/common';
import { StockService } from './stock.service';

class Receipt {
  drug!: string;
  lot!: string;
}

@Controller('batches')
export class StockController {
  constructor(private readonly stock: StockService) {}

  @Post()
  async receive(@Body() receipt: Receipt) {
    const batch = await this.stock.receive(receipt.drug, receipt.lot);
    return { id: batch.id };
  }

  @Post(':id/scans')
  @HttpCode(204)
  async scan(@Param('id', ParseIntPipe) id: number) {
    await this.stock.scan(id);
  }

  @Post(':id/withdrawals')
  @HttpCode(204)
  async take(@Param('id', ParseIntPipe) id: number, @Body('units', ParseIntPipe) units: number) {
    await this.stock.take(id, units);
  }

  @Patch(':id/notes/:key')
  @HttpCode(204)
  async annotate(@Param('id', ParseIntPipe) id: number, @Param('key') key: string, @Body('text') text: string) {
    await this.stock.annotate(id, key, text);
  }
}
