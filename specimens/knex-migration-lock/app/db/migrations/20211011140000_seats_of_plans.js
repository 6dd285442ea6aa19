exports.up = async (knex) => {
  await knex('plans').where({ name: 'starter' }).update({ seats: 3 });
  await knex('plans').where({ name: 'team' }).update({ seats: 15 });
};

exports.down = (knex) => knex('plans').update({ seats: null });
