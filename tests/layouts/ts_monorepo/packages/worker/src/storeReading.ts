import { pool, type Reading } from '@meterhub/shared';
import type { Job } from 'bullmq';
import { addToTotals, ensureMeter } from './meters';

export async function storeReading(job: Job<Reading>): Promise<{ meter: number }> {
  const reading = job.data;
  const meter = await ensureMeter(reading.serial);
  await pool.query('INSERT INTO readings (meter_id, kwh, taken_at) VALUES ($1, $2, $3)', [
    meter.id,
    reading.kwh,
    reading.takenAt,
  ]);
  await addToTotals(meter.id, reading.kwh);
  return { meter: meter.id };
}
