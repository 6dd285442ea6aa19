'use strict';

const assert = require('assert');
const { sign, verify } = require('../../src/webhooks/stripe-signature');

describe('stripe signature', () => {
  const body = Buffer.from('{"id":"evt_1"}');

  it('accepts what was signed with the secret', () => {
    assert.strictEqual(verify(sign(body, 'whsec_one'), body, 'whsec_one'), true);
  });

  it('rejects another secret, another body and no header', () => {
    assert.strictEqual(verify(sign(body, 'whsec_one'), body, 'whsec_two'), false);
    assert.strictEqual(verify(sign(body, 'whsec_one'), Buffer.from('{}'), 'whsec_one'), false);
    assert.strictEqual(verify(undefined, body, 'whsec_one'), false);
  });
});
