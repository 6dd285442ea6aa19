exports.up = (knex) =>
  knex.schema.createTable('wallets', (table) => {
    table.string('card', 64).primary();
    table.integer('balance_cents').notNullable().defaultTo(0);
    table.timestamp('changed_at');
  });

exports.down = (knex) => knex.schema.dropTable('wallets');
