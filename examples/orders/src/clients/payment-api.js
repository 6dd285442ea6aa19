'use strict';

const config = require('../config');

class PaymentApiError extends Error {
  constructor(method, path, status) {
    super(`payment API answered ${status} to ${method} ${path}`);
    this.name = 'PaymentApiError';
    this.status = status;
  }
}

async function call(method, path, body) {
  const response = await fetch(new URL(path, config.paymentApi.base), {
    method,
    headers: {
      accept: 'application/json',
      authorization: `Bearer ${config.paymentApi.key}`,
      ...(body ? { 'content-type': 'application/json' } : {}),
    },
    body: body ? JSON.stringify(body) : undefined,
    signal: AbortSignal.timeout(config.paymentApi.timeoutMs),
  });
  if (!response.ok) {
    await response.text();
    throw new PaymentApiError(method, path, response.status);
  }
  return response.json();
}

/** The charge behind a payment intent: `{ id, method }`. */
async function retrieveCharge(paymentIntentId) {
  const intent = await call('GET', `/v1/payment_intents/${encodeURIComponent(paymentIntentId)}`);
  const charge = intent.latest_charge || {};
  return {
    id: charge.id || null,
    method: charge.payment_method_details ? charge.payment_method_details.type : null,
  };
}

async function createRefund({ chargeId, reason }) {
  return call('POST', '/v1/refunds', { charge: chargeId, reason });
}

module.exports = { retrieveCharge, createRefund, PaymentApiError };
