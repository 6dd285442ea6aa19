exports.up = async function (knex) {
  await knex.schema.alterTable('visitors', function (t) {
    t.unique('email', 'visitors_email_unique');
  });
  await knex.schema.createTable('donations', function (t) {
    t.bigIncrements('id');
    t.string('payment').notNullable();
    t.integer('visitor_id').references('visitors.id');
    t.integer('cents').notNullable();
    t.string('state').notNullable().defaultTo('pending');
    t.integer('counter').notNullable().defaultTo(0);
  });
  await knex.raw('CREATE UNIQUE INDEX donations_payment ON donations (payment)');
  await knex.schema.createTable('favourites', function (t) {
    t.increments('id');
    t.integer('visitor_id').references('visitors.id').notNullable();
    t.string('object').notNullable();
    t.unique(['visitor_id', 'object'], { indexName: 'favourites_once' });
  });
};

exports.down = async function (knex) {
  await knex.schema.dropTable('favourites');
  await knex.schema.dropTable('donations');
};
