'use strict';

const assert = require('assert');
const { Order, OrderItem, Payment, Customer } = require('../../src/models');
const { paymentEvent, deliver, deliverAndProcess } = require('../support/events');

function ordersOf(event) {
  return Order.findAll({ where: { paymentIntentId: event.data.object.id } });
}

describe('payment webhook', () => {
  it('turns a payment into an order', async () => {
    const event = paymentEvent();
    const intent = event.data.object;

    const { response, result } = await deliverAndProcess(event);

    assert.strictEqual(response.status, 200);
    const [order] = await ordersOf(event);
    assert.strictEqual(order.orderNumber, result.orderNumber);
    assert.strictEqual(order.totalCents, 5480);
    const items = await OrderItem.findAll({ where: { orderId: order.id }, order: ['id'] });
    assert.deepStrictEqual(items.map((item) => item.sku), ['mug-blue', 'tote-large']);
    const payment = await Payment.findOne({ where: { orderId: order.id } });
    assert.strictEqual(payment.chargeId, `ch_${intent.id}`);
    const customer = await Customer.findByPk(order.customerId);
    assert.strictEqual(customer.email, intent.receipt_email);
  });

  it('ignores an event whose order exists', async () => {
    const event = paymentEvent();
    await deliverAndProcess(event);

    const again = await deliver(event);

    assert.strictEqual(again.status, 200);
    assert.strictEqual((await ordersOf(event)).length, 1);
  });

  it('creates one order for each of several payments of a customer', async () => {
    const email = paymentEvent().data.object.receipt_email;
    const events = [1, 2, 3].map(() => paymentEvent({ intent: { receipt_email: email } }));
    for (const event of events) await deliverAndProcess(event);

    const customer = await Customer.findOne({ where: { email } });
    assert.strictEqual(await Order.count({ where: { customerId: customer.id } }), 3);
  });

  it('accepts a declined payment without an order', async () => {
    const event = paymentEvent({
      type: 'payment_intent.payment_failed',
      intent: { last_payment_error: { code: 'card_declined' } },
    });
    const response = await deliver(event);
    assert.strictEqual(response.status, 200);
    assert.strictEqual((await ordersOf(event)).length, 0);
  });

  it('marks an order as refunded', async () => {
    const event = paymentEvent();
    await deliverAndProcess(event);
    await deliver({
      id: event.id.replace('evt_', 'evt_refund_'),
      type: 'charge.refunded',
      data: { object: { id: 'ch_1', payment_intent: event.data.object.id } },
    });
    const [order] = await ordersOf(event);
    assert.strictEqual(order.status, 'refunded');
  });

  it('rejects a wrong signature', async () => {
    const event = paymentEvent();
    const response = await deliver(event, { secret: 'whsec_somebody_else' });
    assert.strictEqual(response.status, 400);
    assert.strictEqual((await ordersOf(event)).length, 0);
  });
});
