exports.up = function (knex) {
  return knex.schema
    .createTable('visitors', function (t) {
      t.increments();
      t.string('email').notNullable();
      t.integer('points').notNullable().defaultTo(0);
      t.integer('visits').notNullable().defaultTo(0);
      t.timestamps(true, true);
    })
    .createTable('tours', function (t) {
      t.increments();
      t.string('name').notNullable();
      t.integer('places').notNullable();
      t.integer('sold').notNullable().defaultTo(0);
      t.jsonb('labels').notNullable().defaultTo('{}');
      t.integer('edition').notNullable().defaultTo(0);
    })
    .createTable('tickets', function (t) {
      t.increments();
      t.integer('tour_id').references('tours.id').notNullable();
      t.integer('visitor_id').references('visitors.id').notNullable();
      t.uuid('code').notNullable().unique();
      t.boolean('mailed').notNullable().defaultTo(false);
      t.unique(['tour_id', 'visitor_id']);
    });
};

exports.down = function (knex) {
  return knex.schema.dropTable('tickets').dropTable('tours').dropTable('visitors');
};
