const { database } = require('./src/config');

module.exports = {
  client: 'pg',
  connection: database,
  pool: { min: 1, max: 8 },
  migrations: { directory: './migrations' },
};
