'use strict';

const crypto = require('crypto');

/** Splits `t=1492774577,v1=5257a8…,v1=…` into the timestamp and the candidate signatures. */
function parse(header) {
  const parts = { timestamp: null, signatures: [] };
  for (const pair of String(header || '').split(',')) {
    const [key, value] = pair.trim().split('=');
    if (key === 't') parts.timestamp = value;
    if (key === 'v1' && value) parts.signatures.push(value);
  }
  return parts;
}

function sign(timestamp, rawBody, secret) {
  return crypto.createHmac('sha256', secret).update(`${timestamp}.`).update(rawBody).digest('hex');
}

function verify(header, rawBody, secret) {
  const { timestamp, signatures } = parse(header);
  if (!timestamp || signatures.length === 0) return false;
  const expected = Buffer.from(sign(timestamp, rawBody, secret));
  return signatures.some((candidate) => {
    const given = Buffer.from(candidate);
    return given.length === expected.length && crypto.timingSafeEqual(given, expected);
  });
}

module.exports = { parse, sign, verify };
