'use strict';

const config = require('./config');
const logger = require('./config/logger');
const createApp = require('./app');
const connection = require('./queues/connection');
const paymentQueue = require('./queues/payment-queue');
const { sequelize } = require('./models');
const { onShutdown } = require('./utils/shutdown');

async function main() {
  await sequelize.authenticate();
  await paymentQueue.waitUntilReady();

  const server = createApp().listen(config.port, () => {
    logger.info({ port: server.address().port }, 'web ready');
  });

  onShutdown([
    () => new Promise((resolve) => { server.close(resolve); }),
    () => paymentQueue.close(),
    () => connection.quit(),
    () => sequelize.close(),
  ]);
}

main().catch((err) => {
  logger.fatal({ err }, 'web could not start');
  process.exit(1);
});
