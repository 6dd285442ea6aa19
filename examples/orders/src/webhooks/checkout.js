'use strict';

/**
 * What an order needs from a payment intent. The storefront puts the cart into
 * the intent's metadata as `sku:quantity:unitCents` separated by semicolons.
 */
function checkoutFromIntent(intent) {
  const metadata = intent.metadata || {};
  return {
    amountCents: intent.amount,
    currency: intent.currency,
    customerEmail: intent.receipt_email,
    customerName: metadata.customer_name || null,
    items: parseCart(metadata.cart, intent.amount),
  };
}

function parseCart(cart, amountCents) {
  if (!cart) return [{ sku: 'custom', quantity: 1, unitCents: amountCents }];
  return cart.split(';').filter(Boolean).map((line) => {
    const [sku, quantity, unitCents] = line.split(':');
    return { sku, quantity: Number(quantity), unitCents: Number(unitCents) };
  });
}

module.exports = { checkoutFromIntent, parseCart };
