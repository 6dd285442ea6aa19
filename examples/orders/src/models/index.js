'use strict';

const { Sequelize } = require('sequelize');
const settings = require('../config/database')[process.env.NODE_ENV || 'development'];
const logger = require('../config/logger');

if (!process.env.DATABASE_URL) {
  logger.fatal('DATABASE_URL is not set');
  process.exit(1);
}

const sequelize = new Sequelize(process.env[settings.use_env_variable], settings);

const models = {
  Customer: require('./customer')(sequelize),
  Order: require('./order')(sequelize),
  OrderItem: require('./order-item')(sequelize),
  OrderNote: require('./order-note')(sequelize),
  Payment: require('./payment')(sequelize),
};

for (const model of Object.values(models)) {
  if (model.associate) model.associate(models);
}

module.exports = { sequelize, ...models };
