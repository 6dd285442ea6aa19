import { Redis } from 'ioredis';
import { bill } from './jobs/bill.js';
import { report } from './jobs/report.js';
import { credit } from './jobs/top-up.js';
import { createClient } from './lib/database.js';
import { QUEUES, startBoss } from './lib/queue.js';

const prisma = createClient();
const redis = new Redis(process.env.REDIS_URL ?? 'redis://localhost:6379');
const boss = await startBoss();

await boss.work(QUEUES.bill, bill(prisma));
await boss.work(QUEUES.topUp, { batchSize: 20 }, credit(prisma));
await boss.work(QUEUES.report, report(prisma, redis));
await boss.schedule(QUEUES.report, '15 5 * * *');
