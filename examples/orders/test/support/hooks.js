'use strict';

require('./environment');

const config = require('../../src/config');
const paymentQueue = require('../../src/queues/payment-queue');
const processPayment = require('../../src/jobs/payment-processor');
const { sequelize } = require('../../src/models');
const startPaymentApi = require('./payment-api-stub');

let paymentApi;

exports.mochaHooks = {
  async beforeAll() {
    paymentApi = await startPaymentApi();
    config.paymentApi.base = paymentApi.url;
    await sequelize.authenticate();
    await paymentQueue.isReady();
    paymentQueue.process('process-payment', processPayment);
  },

  async afterAll() {
    await paymentQueue.close();
    await sequelize.close();
    await paymentApi.stop();
  },
};
