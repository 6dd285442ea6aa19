'use strict';

const assert = require('assert');
const { parse, sign, verify } = require('../../src/webhooks/stripe-signature');

describe('stripe signature', () => {
  const body = Buffer.from('{"id":"evt_1"}');
  const secret = 'whsec_example';
  const header = `t=1700000000,v1=${sign(1700000000, body, secret)}`;

  it('takes the timestamp and every v1 signature from the header', () => {
    assert.deepStrictEqual(parse('t=12, v1=aa,v0=bb,v1=cc'), {
      timestamp: '12',
      signatures: ['aa', 'cc'],
    });
  });

  it('accepts what was signed with the secret', () => {
    assert.strictEqual(verify(header, body, secret), true);
  });

  it('accepts a second signature while the secret is being rolled', () => {
    const [timestamp, signature] = header.split(',');
    assert.strictEqual(verify(`${timestamp},v1=${'0'.repeat(64)},${signature}`, body, secret), true);
  });

  it('rejects another secret, another body, another time and no header', () => {
    assert.strictEqual(verify(header, body, 'whsec_other'), false);
    assert.strictEqual(verify(header, Buffer.from('{}'), secret), false);
    assert.strictEqual(verify(header.replace('1700000000', '1700000001'), body, secret), false);
    assert.strictEqual(verify(undefined, body, secret), false);
  });
});
