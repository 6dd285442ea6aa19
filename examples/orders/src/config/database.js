'use strict';

// Read by the application and by sequelize-cli, which picks one by NODE_ENV.
const settings = {
  use_env_variable: 'DATABASE_URL',
  dialect: 'postgres',
  define: { underscored: true },
  pool: { max: 10, min: 2, idle: 30000, acquire: 15000 },
  logging: false,
};

module.exports = {
  development: settings,
  test: settings,
  production: settings,
};
