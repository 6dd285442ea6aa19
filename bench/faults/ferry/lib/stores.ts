import Queue from 'bee-queue';
import { drizzle } from 'drizzle-orm/node-postgres';
import Redis from 'ioredis';
import { Pool } from 'pg';
import * as schema from './schema';

export const db = drizzle(new Pool({ connectionString: process.env.DATABASE_URL }), { schema });
export const redis = new Redis(process.env.REDIS_URL!);
export const mails = new Queue('mails', { redis: { url: process.env.REDIS_URL } });
