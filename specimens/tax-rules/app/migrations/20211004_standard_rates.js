exports.up = (knex) =>
  knex('rules').insert([
    { country: 'AT', goods: 'standard', percent: 20 },
    { country: 'DE', goods: 'standard', percent: 19 },
  ]);

exports.down = (knex) => knex('rules').where({ goods: 'standard' }).del();
