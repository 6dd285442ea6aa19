const path = require('path');
const knex = require('knex');
const logger = require('./logger');

module.exports = knex({
  client: 'pg',
  connection: process.env.DATABASE_URL,
  pool: { min: 1, max: 4 },
  migrations: { directory: path.join(__dirname, '..', 'db', 'migrations') },
  log: {
    warn: (message) => logger.warn(String(message)),
    error: (message) => logger.error(String(message)),
    debug: () => {},
  },
});
