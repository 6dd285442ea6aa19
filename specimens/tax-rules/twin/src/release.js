'use strict';

const knex = require('./database');

/** One instance after the other: the lock goes with the transaction. */
function alone(work) {
  return knex.transaction(async (trx) => {
    await trx.raw('SELECT pg_advisory_xact_lock(40231)');
    return work();
  });
}

/** Brings the rules up to this release; gives the migrations that were missing. */
async function release() {
  const [batch, done] = await alone(() => knex.migrate.latest());
  return { batch, done };
}

module.exports = { release };
