'use strict';

const db = require('./db');
const { counted } = require('./readings');

/** Writes the next statement of a meter; gives its number. */
async function writeStatement(meter) {
  const { rows } = await db.query(
    'SELECT coalesce(max(number), 0) AS last FROM statements WHERE meter = $1',
    [meter],
  );
  const number = rows[0].last + 1;
  const wattHours = await counted(meter);
  await db.query('INSERT INTO statements (meter, number, watt_hours) VALUES ($1, $2, $3)', [
    meter,
    number,
    wattHours,
  ]);
  return number;
}

module.exports = { writeStatement };
