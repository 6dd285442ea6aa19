'use strict';

const { PaymentApiError } = require('../clients/payment-api');

function notFound(req, res) {
  res.status(404).json({ error: 'not found' });
}

// Express knows an error handler by its four parameters.
// eslint-disable-next-line no-unused-vars
function errorHandler(err, req, res, next) {
  if (err.status && err.status < 500 && err.expose) {
    return res.status(err.status).json({ error: err.message });
  }
  if (err instanceof SyntaxError) {
    return res.status(400).json({ error: 'malformed JSON' });
  }
  req.log.error({ err }, 'request failed');
  if (err instanceof PaymentApiError) {
    return res.status(502).json({ error: 'payment provider unavailable' });
  }
  return res.status(500).json({ error: 'internal error' });
}

module.exports = { notFound, errorHandler };
