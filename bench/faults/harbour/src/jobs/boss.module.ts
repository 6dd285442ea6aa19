import { Global, Module } from '@nestjs/common';
import PgBoss from 'pg-boss';
import { JobsService } from './jobs.service';

export const BOSS = 'PG_BOSS';

@Global()
@Module({
  providers: [
    {
      provide: BOSS,
      useFactory: async () => {
        const boss = new PgBoss(process.env.DATABASE_URL!);
        await boss.start();
        for (const queue of ['gate', 'deposits', 'passages', 'night']) await boss.createQueue(queue);
        return boss;
      },
    },
    JobsService,
  ],
  exports: [BOSS, JobsService],
})
export class BossModule {}
