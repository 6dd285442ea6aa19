'use strict';

const assert = require('assert');
const tours = require('../lib/services/tours');

describe('tours', function () {
  it('sells the last place once', async function () {
    const both = await Promise.all([tours.buy(1, 1), tours.buy(1, 2)]);
    assert.strictEqual(both.filter(Boolean).length, 1);
  });
});
