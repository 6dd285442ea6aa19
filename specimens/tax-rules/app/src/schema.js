'use strict';

// Sets a new database up from the dump; the rules themselves come with each release.
const fs = require('fs');
const path = require('path');
const knex = require('./database');

async function main() {
  await knex.raw(fs.readFileSync(path.join(__dirname, '..', 'schema.sql'), 'utf8'));
  await knex.destroy();
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
