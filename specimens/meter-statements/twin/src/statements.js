'use strict';

const db = require('./db');
const { counted } = require('./readings');

const WRITE = `
INSERT INTO statements (meter, number, watt_hours)
SELECT $1, coalesce(max(number), 0) + 1, $2 FROM statements WHERE meter = $1
RETURNING number`;

/** Writes the next statement of a meter; gives its number. */
async function writeStatement(meter) {
  const wattHours = await counted(meter);
  const client = await db.connect();
  try {
    await client.query('BEGIN');
    await client.query('SELECT pg_advisory_xact_lock(hashtext($1))', [meter]);
    const { rows } = await client.query(WRITE, [meter, wattHours]);
    await client.query('COMMIT');
    return rows[0].number;
  } catch (error) {
    await client.query('ROLLBACK');
    throw error;
  } finally {
    client.release();
  }
}

module.exports = { writeStatement };
