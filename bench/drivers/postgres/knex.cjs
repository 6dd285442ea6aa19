// What Knex does on the wire, over node-postgres and pg-query-stream.
'use strict';

const { URL, LONG_BYTES, show, digest, failed, run } = require('./showing.cjs');

run(async () => {
  const knex = require('knex')({ client: 'pg', connection: URL, pool: { min: 0, max: 4 } });
  await knex.schema.createTable('things', (table) => {
    table.increments('id');
    table.string('name').unique();
    table.jsonb('facts');
  });
  show('columns', await knex('things').columnInfo());
  show('inserted', await knex('things').insert({ name: 'one', facts: { a: 1 } }).returning(['id', 'name']));
  const many = Array.from({ length: 2500 }, (_, n) => ({ name: `n${n}` }));
  show('batches', (await knex.batchInsert('things', many, 500).returning('id')).length);
  await knex('things').insert({ name: 'one' }).catch((error) => show('unique', failed(error)));
  show('ignored', (await knex('things').insert({ name: 'one' }).onConflict('name').ignore()).rowCount);
  await knex.transaction(async (outer) => {
    await outer('things').where({ name: 'one' }).forUpdate().first();
    await outer.transaction(async (inner) => {
      await inner('things').del();
      throw new Error('given up');
    }).catch((error) => show('savepoint', error.message));
    await outer('things').where({ name: 'one' }).update({ name: 'uno' });
  });
  show('count', await knex('things').count());
  show('found', await knex('things').where('name', 'like', 'u%').first());
  let sum = 0;
  for await (const row of knex('things').select('id').stream({ batchSize: 100 })) sum += row.id;
  show('streamed', sum);
  show('raw', (await knex.raw('SELECT ?::int AS n; ', [1])).rows);
  const long = await knex.raw('SELECT repeat(?, ?) AS body', ['x', LONG_BYTES]);
  show('long', digest(long.rows[0].body));
  await knex.raw('SELECT pg_sleep(30)').timeout(50, { cancel: true }).catch((error) => show('cancelled', error.name));
  show('at once', await Promise.all(Array.from({ length: 12 }, (_, n) => knex('things').where('id', '<', n).count())));
  await knex.destroy();
});
