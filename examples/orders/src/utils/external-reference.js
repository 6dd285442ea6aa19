'use strict';

/** The reference under which the warehouse and the bookkeeping know an order. */
function externalReferenceFor(paymentIntentId) {
  return `WEB-${paymentIntentId.replace(/^pi_/, '')}`;
}

module.exports = { externalReferenceFor };
