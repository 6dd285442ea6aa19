const cache = require('../cache');
const db = require('../db');
const wallets = require('./wallets');

/** Books a top-up: one line of the statement, and the new balance. */
async function book({ card, cents, receipt }) {
  const wallet = await wallets.open(card);
  await db('bookings').insert({ card, cents, receipt: receipt || null });
  const balance = wallet.balance_cents + cents;
  await wallets.setBalance(card, balance);
  await cache.forget(card);
  return { card, balance };
}

module.exports = { book };
