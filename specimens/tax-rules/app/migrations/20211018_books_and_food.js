exports.up = (knex) =>
  knex('rules').insert([
    { country: 'AT', goods: 'books', percent: 10 },
    { country: 'DE', goods: 'books', percent: 7 },
    { country: 'AT', goods: 'food', percent: 10 },
  ]);

exports.down = (knex) => knex('rules').whereIn('goods', ['books', 'food']).del();
