'use strict';

const crypto = require('crypto');

const PREFIX = 'sha256=';

function sign(rawBody, secret) {
  return PREFIX + crypto.createHmac('sha256', secret).update(rawBody).digest('hex');
}

function verify(header, rawBody, secret) {
  if (typeof header !== 'string' || !header.startsWith(PREFIX)) return false;
  const expected = Buffer.from(sign(rawBody, secret));
  const given = Buffer.from(header);
  return given.length === expected.length && crypto.timingSafeEqual(given, expected);
}

module.exports = { sign, verify };
