import { Inject, Injectable, OnModuleInit } from '@nestjs/common';
import PgBoss from 'pg-boss';
import { PrismaService } from '../prisma/prisma.service';

interface Report {
  vessel: string;
  state: string;
  number: number;
}

@Injectable()
export class PassagesWorker implements OnModuleInit {
  constructor(
    @Inject('PG_BOSS') private readonly boss: PgBoss,
    private readonly prisma: PrismaService,
  ) {}

  async onModuleInit() {
    await this.boss.work<Report>('passages', async ([job]) => {
      const { vessel, state, number } = job.data;
      await this.prisma.passage.updateMany({
        where: { vessel, number: { lt: number } },
        data: { state, number },
      });
    });
  }
}
