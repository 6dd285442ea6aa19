'use strict';

const knex = require('./database');

/** Brings the rules up to this release; gives the migrations that were missing. */
async function release() {
  const [batch, done] = await knex.migrate.latest();
  return { batch, done };
}

module.exports = { release };
