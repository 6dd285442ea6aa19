'use strict';

const { sequelize, Order, OrderItem, OrderNote, Payment, Customer } = require('../models');
const customerService = require('./customer-service');
const { nextOrderNumber } = require('../utils/id-generator');
const { externalReferenceFor } = require('../utils/external-reference');

/**
 * Registers the customer of a paid checkout, then writes the order with its
 * items and the payment in one transaction.
 */
async function createFromPayment(payment, charge) {
  const customer = await customerService.register({
    email: payment.customerEmail,
    name: payment.customerName,
  });

  return sequelize.transaction(async (transaction) => {
    const order = await Order.create({
      orderNumber: nextOrderNumber(),
      externalReference: externalReferenceFor(payment.paymentIntentId),
      paymentIntentId: payment.paymentIntentId,
      customerId: customer.id,
      totalCents: payment.amountCents,
      currency: payment.currency,
    }, { transaction });

    await OrderItem.bulkCreate(payment.items.map((item) => ({
      orderId: order.id,
      sku: item.sku,
      quantity: item.quantity,
      unitCents: item.unitCents,
    })), { transaction });

    await Payment.create({
      orderId: order.id,
      paymentIntentId: payment.paymentIntentId,
      chargeId: charge.id,
      method: charge.method,
      amountCents: payment.amountCents,
      currency: payment.currency,
    }, { transaction });

    return order;
  });
}

async function findByNumber(orderNumber) {
  return Order.findOne({
    where: { orderNumber },
    include: [
      { model: Customer, as: 'customer' },
      { model: OrderItem, as: 'items' },
      { model: OrderNote, as: 'notes' },
      { model: Payment, as: 'payments' },
    ],
  });
}

async function list({ status, limit, offset }) {
  return Order.findAll({
    where: status ? { status } : {},
    include: [{ model: OrderItem, as: 'items' }],
    order: [['id', 'DESC']],
    limit,
    offset,
  });
}

async function addNote(order, { author, body }) {
  return OrderNote.create({ orderId: order.id, author, body });
}

module.exports = { createFromPayment, findByNumber, list, addNote };
