'use strict';
// Knex: the builder, raw SQL, transactions, more work than connections.
const makeKnex = require('knex');
const { tag, rounds, version } = require('./tags.cjs');
const knex = makeKnex({ client: 'pg', connection: process.env.DATABASE_URL, pool: { min: 0, max: 2 } });

async function work() {
  await knex('lines').insert({ value: tag('insert') }); // line: insert
  await knex('lines').where({ value: tag('select') }); // line: select
  await knex.raw('SELECT ?::text', [tag('raw')]); // line: raw
  await knex('lines').where({ value: tag('update') }).update({ value: 'x' }); // line: update
  await Promise.all([
    knex('lines').where({ value: tag('together') }).first(), // line: together
    knex('lines').where({ value: tag('together_too') }).del(), // line: together_too
  ]);
  await knex.transaction(async (transaction) => {
    await transaction('lines').insert({ value: tag('transaction') }); // line: transaction
    await transaction('lines').where({ value: tag('locked') }).forUpdate(); // line: locked
  });
  const query = knex('lines').where({ value: tag('awaited') }); // line: awaited
  await query;
}

async function main() {
  await knex.schema.createTable('lines', (table) => table.text('value'));
  await Promise.all(Array.from({ length: rounds }, work));
  await knex.destroy();
  version('knex');
}

main();
