'use strict';

require('./environment');

const { Worker } = require('bullmq');
const config = require('../../src/config');
const connection = require('../../src/queues/connection');
const paymentQueue = require('../../src/queues/payment-queue');
const processPayment = require('../../src/jobs/payment-processor');
const { sequelize } = require('../../src/models');
const outcomes = require('./outcomes');
const startPaymentApi = require('./payment-api-stub');

let paymentApi;
let worker;

exports.mochaHooks = {
  async beforeAll() {
    paymentApi = await startPaymentApi();
    config.paymentApi.base = paymentApi.url;
    await sequelize.authenticate();
    worker = new Worker('payments', processPayment, { connection, concurrency: 1 });
    worker.on('completed', (job, result) => outcomes.emit('completed', job, result));
    worker.on('failed', (job, err) => outcomes.emit('failed', job, err));
    await worker.waitUntilReady();
  },

  async afterAll() {
    await worker.close();
    await paymentQueue.close();
    await connection.quit();
    await sequelize.close();
    await paymentApi.stop();
  },
};
