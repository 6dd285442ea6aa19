'use strict';

const { createHmac, timingSafeEqual } = require('crypto');

/** The digest of a body as the provider sends it, in hexadecimal digits. */
function sign(rawBody, secret) {
  return createHmac('sha256', secret).update(rawBody).digest('hex');
}

function verify(header, rawBody, secret) {
  const given = Buffer.from(header || '', 'hex');
  const expected = Buffer.from(sign(rawBody, secret), 'hex');
  return given.length === expected.length && timingSafeEqual(given, expected);
}

module.exports = { sign, verify };
