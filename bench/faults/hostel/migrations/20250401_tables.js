export async function up(knex) {
  await knex.schema.createTable('beds', (table) => {
    table.increments('id');
    table.integer('room').notNullable();
    table.string('night').notNullable();
    table.string('guest');
    table.unique(['room', 'night']);
  });
  await knex.schema.createTable('guests', (table) => {
    table.increments('id');
    table.string('passport').notNullable().unique();
    table.integer('stays').notNullable().defaultTo(0);
    table.integer('cents').notNullable().defaultTo(0);
  });
  await knex.schema.createTable('receipts', (table) => {
    table.string('receipt').primary();
    table.string('state').notNullable().defaultTo('new');
    table.integer('step').notNullable().defaultTo(0);
  });
}

export async function down(knex) {
  await knex.schema.dropTable('receipts');
  await knex.schema.dropTable('guests');
  await knex.schema.dropTable('beds');
}
