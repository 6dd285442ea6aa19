'use strict';

const path = require('path');
const { knex } = require('knex');

module.exports = knex({
  client: 'pg',
  connection: process.env.DATABASE_URL,
  pool: { min: 1, max: 4 },
  migrations: { directory: path.join(__dirname, '..', 'migrations') },
});
