'use strict';

const assert = require('assert');
const { sign, verify } = require('../../src/webhooks/stripe-signature');

describe('stripe signature', () => {
  const body = Buffer.from('{"id":"evt_1"}');
  const secret = 'whsec_example';
  const header = sign(body, secret);

  it('accepts what was signed with the secret', () => {
    assert.match(header, /^sha256=[0-9a-f]{64}$/);
    assert.strictEqual(verify(header, body, secret), true);
  });

  it('rejects another secret, another body and no header', () => {
    assert.strictEqual(verify(header, body, 'whsec_other'), false);
    assert.strictEqual(verify(header, Buffer.from('{}'), secret), false);
    assert.strictEqual(verify(undefined, body, secret), false);
  });
});
