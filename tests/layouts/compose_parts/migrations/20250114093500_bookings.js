exports.up = (knex) =>
  knex.schema.createTable('bookings', (table) => {
    table.increments('id');
    table.string('card', 64).notNullable().references('card').inTable('wallets');
    table.integer('cents').notNullable();
    table.string('receipt', 64);
    table.timestamp('booked_at').notNullable().defaultTo(knex.fn.now());
  });

exports.down = (knex) => knex.schema.dropTable('bookings');
