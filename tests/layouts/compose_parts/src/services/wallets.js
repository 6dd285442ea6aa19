const db = require('../db');

async function open(card) {
  await db('wallets').insert({ card, balance_cents: 0 }).onConflict('card').ignore();
  return db('wallets').where({ card }).first();
}

function setBalance(card, cents) {
  return db('wallets').where({ card }).update({ balance_cents: cents, changed_at: db.fn.now() });
}

module.exports = { open, setBalance };
