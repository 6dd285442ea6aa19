'use strict';

const assert = require('assert');
const request = require('supertest');
const createApp = require('../../src/app');
const { paymentEvent, deliver, deliverAndProcess, jobOf } = require('../support/events');

describe('read API', () => {
  const api = request(createApp());
  let event;
  let orderNumber;

  before(async () => {
    event = paymentEvent();
    ({ result: { orderNumber } } = await deliverAndProcess(event));
  });

  it('is healthy', async () => {
    const response = await api.get('/health');
    assert.deepStrictEqual(response.body, { status: 'ok' });
  });

  it('gives an order with its items and its total', async () => {
    const response = await api.get(`/orders/${orderNumber}`);
    assert.strictEqual(response.status, 200);
    assert.strictEqual(response.body.total, '54.80 EUR');
    assert.strictEqual(response.body.items.length, 2);
  });

  it('answers 404 for an unknown order and 400 for a bad limit', async () => {
    assert.strictEqual((await api.get('/orders/ORD-NONE-00000')).status, 404);
    assert.strictEqual((await api.get('/orders?limit=1000')).status, 400);
  });

  it('finds a customer with the orders', async () => {
    const response = await api.get('/customers').query({ email: event.data.object.receipt_email });
    assert.deepStrictEqual(response.body.orders.map((order) => order.orderNumber), [orderNumber]);
  });

  it('keeps notes and asks for their author', async () => {
    const missing = await api.post(`/orders/${orderNumber}/notes`).send({ body: 'call first' });
    assert.deepStrictEqual(missing.body.problems, { author: 'is required' });
    const response = await api.post(`/orders/${orderNumber}/notes`)
      .send({ author: 'mia', body: 'call first' });
    assert.strictEqual(response.status, 201);
  });

  it('requests a refund from the provider', async () => {
    const response = await api.post(`/orders/${orderNumber}/refunds`).send({ reason: 'damaged' });
    assert.strictEqual(response.status, 202);
    assert.strictEqual(response.body.refund, 're_test');
  });

  it('fails a job whose payment the provider does not know', async () => {
    const unknown = paymentEvent();
    unknown.data.object.id = unknown.data.object.id.replace('pi_', 'pi_unknown_');
    const failure = assert.rejects(jobOf(unknown), /payment API answered 404/);
    await deliver(unknown);
    await failure;
  });
});
