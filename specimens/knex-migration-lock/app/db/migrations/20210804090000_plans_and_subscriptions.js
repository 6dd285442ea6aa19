exports.up = async (knex) => {
  await knex.schema.createTable('plans', (table) => {
    table.text('name').primary();
    table.integer('price').notNullable();
    table.integer('seats');
  });
  await knex.schema.createTable('subscriptions', (table) => {
    table.increments();
    table.text('customer').notNullable();
    table.text('plan').notNullable().references('plans.name');
    table.timestamp('renews_at').notNullable().defaultTo(knex.raw("now() + interval '1 month'"));
  });
};

exports.down = async (knex) => {
  await knex.schema.dropTable('subscriptions');
  await knex.schema.dropTable('plans');
};
