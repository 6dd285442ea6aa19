'use strict';

const assert = require('assert');
const bullConfig = require('../../src/config/bull-config');
const metrics = require('../../src/utils/metrics');
const money = require('../../src/utils/money');
const { externalReferenceFor } = require('../../src/utils/external-reference');
const { nextOrderNumber } = require('../../src/utils/id-generator');

describe('order number', () => {
  it('has the form that the warehouse scans', () => {
    assert.match(nextOrderNumber(), /^ORD-[0-9A-Z]{8,9}-[0-9A-Z]{5}$/);
  });

  it('differs from the one before', () => {
    assert.notStrictEqual(nextOrderNumber(), nextOrderNumber());
  });
});

describe('external reference', () => {
  it('is the payment intent without its prefix', () => {
    assert.strictEqual(externalReferenceFor('pi_3Nabc'), 'WEB-3Nabc');
  });
});

describe('money', () => {
  it('knows currencies without decimals', () => {
    assert.strictEqual(money.format(4250, 'eur'), '42.50 EUR');
    assert.strictEqual(money.format(4250, 'jpy'), '4250 JPY');
  });
});

describe('metrics', () => {
  it('counts per label', () => {
    metrics.count('unit_test_total', { kind: 'a' });
    metrics.count('unit_test_total', { kind: 'a' });
    assert.match(metrics.render(), /^unit_test_total\{kind="a"\} 2$/m);
  });
});

describe('job options', () => {
  it('tries a failing job three times', () => {
    assert.strictEqual(bullConfig.defaultJobOptions.attempts, 3);
  });
});
