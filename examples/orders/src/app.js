'use strict';

const express = require('express');
const requestLogger = require('./middleware/request-logger');
const { notFound, errorHandler } = require('./middleware/error-handler');
const stripeHandler = require('./webhooks/stripe-handler');

function createApp() {
  const app = express();
  app.disable('x-powered-by');
  app.use(requestLogger);
  app.use(require('./routes/health'));
  app.post('/webhooks/stripe', express.raw({ type: '*/*', limit: '256kb' }), stripeHandler);
  app.use('/orders', require('./routes/orders'));
  app.use('/customers', require('./routes/customers'));
  app.use(notFound);
  app.use(errorHandler);
  return app;
}

module.exports = createApp;
