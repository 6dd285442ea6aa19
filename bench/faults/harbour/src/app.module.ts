import { Module } from '@nestjs/common';
import { CqrsModule } from '@nestjs/cqrs';
import { BerthsController } from './berths/berths.controller';
import { BookBerthHandler } from './berths/commands/book-berth.handler';
import { ChangeRulesHandler } from './berths/commands/change-rules.handler';
import { TidesService } from './berths/tides.service';
import { PassagesController } from './passages/passages.controller';
import { BossModule } from './jobs/boss.module';
import { PaymentsController } from './payments/payments.controller';
import { PrismaModule } from './prisma/prisma.module';
import { RegisterSkipperHandler } from './skippers/commands/register-skipper.handler';
import { TransferBalanceHandler } from './skippers/commands/transfer-balance.handler';
import { SkippersController } from './skippers/skippers.controller';
import { SkippersRepository } from './skippers/skippers.repository';

@Module({
  imports: [CqrsModule.forRoot(), PrismaModule, BossModule],
  controllers: [BerthsController, SkippersController, PaymentsController, PassagesController],
  providers: [
    BookBerthHandler,
    ChangeRulesHandler,
    RegisterSkipperHandler,
    TransferBalanceHandler,
    SkippersRepository,
    TidesService,
  ],
})
export class AppModule {}
