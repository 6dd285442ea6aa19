import { PgBoss } from 'pg-boss';

export const QUEUES = {
  bill: 'bill-session',
  topUp: 'top-up',
  report: 'report',
} as const;

export async function startBoss() {
  const boss = new PgBoss(process.env.DATABASE_URL!);
  boss.on('error', console.error);
  await boss.start();
  await boss.createQueue(QUEUES.bill, { retryLimit: 5, retryBackoff: true });
  await boss.createQueue(QUEUES.topUp, { retryLimit: 10, retryBackoff: true });
  await boss.createQueue(QUEUES.report);
  return boss;
}
