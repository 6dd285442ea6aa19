import { inTransaction, pool } from '@meterhub/shared';

export interface Meter {
  id: number;
  serial: string;
}

/** Meters are not registered by anybody: the first reading makes them known. */
export async function ensureMeter(serial: string): Promise<Meter> {
  const known = await pool.query<Meter>('SELECT id, serial FROM meters WHERE serial = $1', [
    serial,
  ]);
  if (known.rows.length > 0) return known.rows[0];
  const created = await pool.query<Meter>(
    'INSERT INTO meters (serial) VALUES ($1) RETURNING id, serial',
    [serial],
  );
  return created.rows[0];
}

export async function addToTotals(meterId: number, kwh: number): Promise<void> {
  await inTransaction(async (client) => {
    await client.query(
      `UPDATE meters
          SET reading_count = reading_count + 1, total_kwh = total_kwh + $2, last_seen_at = now()
        WHERE id = $1`,
      [meterId, kwh],
    );
  });
}
