'use strict';

const { query } = require('./db');
const { currentPrice, quotedPrice } = require('./prices');
const { logger } = require('./config');

/** Books seats at the price that was quoted; null if that is not the price. */
async function book({ show, seats, email }) {
  const quoted = await quotedPrice(show);
  const cents = await currentPrice(show);
  if (quoted !== cents) {
    logger.error({ show, quoted, cents }, 'quoted price is not the price');
    return null;
  }
  const { rows } = await query(
    `INSERT INTO bookings (show, seats, email, total_cents)
     VALUES ($1, $2, $3, $4) RETURNING id`,
    [show, seats, email, cents * seats],
  );
  return { id: rows[0].id, totalCents: cents * seats };
}

module.exports = { book };
