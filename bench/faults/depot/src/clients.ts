import { PrismaClient } from '@prisma/client';
import { Queue } from 'bullmq';
import { createClient } from 'redis';

export const prisma = new PrismaClient();
export const redis = createClient({ url: process.env.REDIS_URL });
export const connection = { host: process.env.REDIS_HOST, port: Number(process.env.REDIS_PORT) };
export const labels = new Queue('labels', { connection });
export const tracking = new Queue('tracking', { connection });
