'use strict';

const cache = require('./cache');
const { query } = require('./db');

const key = (show) => `price:${show}`;

/** What the tables say: a show's own price, or the standard tariff. */
async function currentPrice(show) {
  const own = await query('SELECT cents FROM prices WHERE show = $1', [show]);
  if (own.rows.length > 0) return own.rows[0].cents;
  const tariff = await query("SELECT cents FROM tariffs WHERE name = 'standard'");
  return tariff.rows[0].cents;
}

/** What we quote: the front page asks for it hundreds of times a second. */
async function quotedPrice(show) {
  const known = await cache.remembered(key(show));
  if (known !== undefined) return known.cents;
  const cents = await currentPrice(show);
  await cache.remember(key(show), { cents });
  return cents;
}

async function setPrice(show, cents) {
  await query(
    `INSERT INTO prices (show, cents) VALUES ($1, $2)
     ON CONFLICT (show) DO UPDATE SET cents = excluded.cents, set_at = now()`,
    [show, cents],
  );
  await cache.forget(key(show));
}

module.exports = { currentPrice, quotedPrice, setPrice };
