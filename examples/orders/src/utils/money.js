'use strict';

const ZERO_DECIMAL = new Set(['jpy', 'krw', 'vnd']);

/** `format(4250, 'eur')` gives `42.50 EUR`. */
function format(cents, currency) {
  const code = currency.toLowerCase();
  const amount = ZERO_DECIMAL.has(code) ? String(cents) : (cents / 100).toFixed(2);
  return `${amount} ${code.toUpperCase()}`;
}

module.exports = { format };
