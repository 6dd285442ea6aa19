'use strict';

const assert = require('assert');
const { checkoutFromIntent, parseCart } = require('../../src/webhooks/checkout');

describe('checkout', () => {
  it('reads the cart from the metadata', () => {
    assert.deepStrictEqual(parseCart('mug-blue:2:1490;tote-large:1:2500', 5480), [
      { sku: 'mug-blue', quantity: 2, unitCents: 1490 },
      { sku: 'tote-large', quantity: 1, unitCents: 2500 },
    ]);
  });

  it('makes one custom line of a payment without a cart', () => {
    const checkout = checkoutFromIntent({
      amount: 900, currency: 'eur', receipt_email: 'a@example.com',
    });
    assert.deepStrictEqual(checkout.items, [{ sku: 'custom', quantity: 1, unitCents: 900 }]);
    assert.strictEqual(checkout.customerName, null);
  });
});
