import type { Job } from 'pg-boss';
import type { PrismaClient } from '../generated/prisma/client.js';
import { topUp } from '../services/wallet.js';

type Payment = { intent: string; driver: number; cents: number };

export const credit = (prisma: PrismaClient) => async (jobs: Job<Payment>[]) => {
  for (const job of jobs) {
    await topUp(prisma, job.data.intent, job.data.driver, job.data.cents);
  }
};
