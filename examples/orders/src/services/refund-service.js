'use strict';

const { sequelize, Order, Payment } = require('../models');
const paymentApi = require('../clients/payment-api');

/** Asks the provider for a refund; the order changes when the provider's event arrives. */
async function request(order, { reason }) {
  const payment = await Payment.findOne({ where: { orderId: order.id, status: 'captured' } });
  if (!payment) return null;
  return paymentApi.createRefund({ chargeId: payment.chargeId, reason });
}

/** Marks the order and its payment as refunded. Gives the number of payments that changed. */
async function record(paymentIntentId) {
  return sequelize.transaction(async (transaction) => {
    const [changed] = await Payment.update(
      { status: 'refunded' },
      { where: { paymentIntentId, status: 'captured' }, transaction },
    );
    await Order.update({ status: 'refunded' }, { where: { paymentIntentId }, transaction });
    return changed;
  });
}

module.exports = { request, record };
