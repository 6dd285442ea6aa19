'use strict';

const config = require('../config');
const metrics = require('../utils/metrics');
const paymentQueue = require('../queues/payment-queue');
const refundService = require('../services/refund-service');
const { Order } = require('../models');
const { checkoutFromIntent } = require('./checkout');
const { verify } = require('./stripe-signature');

async function onPaymentSucceeded(event, req) {
  const intent = event.data.object;
  const log = req.log.child({ eventId: event.id, paymentIntentId: intent.id });

  const existing = await Order.findOne({ where: { paymentIntentId: intent.id } });
  if (existing) {
    log.info({ orderNumber: existing.orderNumber }, 'order exists, event ignored');
    return;
  }

  const job = await paymentQueue.add('process-payment', {
    eventId: event.id,
    paymentIntentId: intent.id,
    reqId: req.id,
    ...checkoutFromIntent(intent),
  });
  log.info({ jobId: job.id, amountCents: intent.amount }, 'payment queued');
}

async function onPaymentFailed(event, req) {
  const intent = event.data.object;
  const reason = intent.last_payment_error ? intent.last_payment_error.code : 'unknown';
  req.log.warn({ eventId: event.id, paymentIntentId: intent.id, reason }, 'payment declined');
}

async function onChargeRefunded(event, req) {
  const charge = event.data.object;
  const payments = await refundService.record(charge.payment_intent);
  req.log.info({
    eventId: event.id,
    paymentIntentId: charge.payment_intent,
    payments,
  }, 'refund recorded');
}

const handlers = {
  'payment_intent.succeeded': onPaymentSucceeded,
  'payment_intent.payment_failed': onPaymentFailed,
  'charge.refunded': onChargeRefunded,
};

/** Expects the raw body: the signature covers its bytes. */
async function stripeHandler(req, res, next) {
  if (!verify(req.get('stripe-signature'), req.body, config.webhookSecret)) {
    metrics.count('webhook_signature_failures_total');
    req.log.warn('webhook signature does not match');
    return res.status(400).json({ error: 'invalid signature' });
  }

  try {
    const event = JSON.parse(req.body.toString('utf8'));
    metrics.count('webhook_events_total', { type: event.type });
    const handle = handlers[event.type];
    if (handle) await handle(event, req);
    else req.log.debug({ eventId: event.id, type: event.type }, 'event type not handled');
    return res.json({ received: true });
  } catch (err) {
    return next(err);
  }
}

module.exports = stripeHandler;
