'use strict';

const logger = require('../config/logger');
const paymentApi = require('../clients/payment-api');
const orderService = require('../services/order-service');

async function processPayment(job) {
  const { eventId, paymentIntentId, reqId } = job.data;
  const startedAt = Date.now();
  const log = logger.child({ reqId, jobId: job.id, eventId, paymentIntentId });

  log.info({
    attempt: job.attemptsMade + 1,
    queueLagMs: job.processedOn - job.timestamp,
  }, 'job started');

  const charge = await paymentApi.retrieveCharge(paymentIntentId);
  log.debug({ chargeId: charge.id, durationMs: Date.now() - startedAt }, 'charge details fetched');

  const order = await orderService.createFromPayment(job.data, charge);

  log.info({
    orderId: order.id,
    orderNumber: order.orderNumber,
    durationMs: Date.now() - startedAt,
  }, 'order created');

  return { orderId: order.id, orderNumber: order.orderNumber };
}

module.exports = processPayment;
