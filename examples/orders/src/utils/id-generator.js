'use strict';

/** An order number that a person can read out on the phone: `ORD-M3X7K2Q1-7F3KA`. */
function nextOrderNumber() {
  const timestamp = Date.now().toString(36);
  const random = Math.random().toString(36).slice(2, 7).padEnd(5, '0');
  return `ORD-${timestamp}-${random}`.toUpperCase();
}

module.exports = { nextOrderNumber };
