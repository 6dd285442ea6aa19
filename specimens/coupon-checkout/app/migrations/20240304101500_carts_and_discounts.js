'use strict';

exports.up = async (knex) => {
  await knex.schema.createTable('carts', (table) => {
    table.string('id', 64).primary();
    table.string('customer_email', 200).notNullable().index();
    table.integer('total_cents').notNullable();
    table.integer('discount_cents').notNullable().defaultTo(0);
    table.timestamp('updated_at').notNullable().defaultTo(knex.fn.now());
  });
  await knex.schema.createTable('discount_codes', (table) => {
    table.increments('id');
    table.string('code', 40).notNullable().unique();
    table.integer('percent_off').notNullable();
    table.integer('uses_per_customer').notNullable().defaultTo(1);
    table.date('valid_until');
  });
  await knex.schema.createTable('discount_uses', (table) => {
    table.increments('id');
    table.integer('discount_code_id').notNullable().references('discount_codes.id');
    table.string('customer_email', 200).notNullable();
    table.string('cart_id', 64).notNullable();
    table.timestamp('used_at').notNullable().defaultTo(knex.fn.now());
    table.index(['discount_code_id', 'customer_email']);
  });
  await knex('discount_codes').insert([
    { code: 'WELCOME10', percent_off: 10 },
    { code: 'FIRSTFLUSH', percent_off: 25, valid_until: '2031-06-30' },
  ]);
};

exports.down = async (knex) => {
  await knex.schema.dropTable('discount_uses');
  await knex.schema.dropTable('discount_codes');
  await knex.schema.dropTable('carts');
};
