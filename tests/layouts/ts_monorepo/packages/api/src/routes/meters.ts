import { pool } from '@meterhub/shared';
import type { FastifyInstance } from 'fastify';

export async function meterRoutes(app: FastifyInstance): Promise<void> {
  app.get<{ Params: { serial: string } }>('/meters/:serial', async (request, reply) => {
    const { rows } = await pool.query(
      'SELECT serial, reading_count, total_kwh, last_seen_at FROM meters WHERE serial = $1',
      [request.params.serial],
    );
    if (rows.length === 0) return reply.code(404).send({ error: 'unknown meter' });
    return rows[0];
  });
}
