'use strict';

const Donation = require('../models/donation');
const Visitor = require('../models/visitor');

exports.book = function (event) {
  return Donation.transaction(async function (trx) {
    const made = await Donation.query(trx)
      .insert({ payment: event.payment, visitorId: event.visitor, cents: event.cents })
      .onConflict('payment')
      .ignore()
      .returning('id');
    if (!made || !made.id) return;
    await Visitor.query(trx).findById(event.visitor).increment('points', event.cents);
  });
};

exports.follow = function (payment, state, counter) {
  return Donation.query().patch({ state, counter }).where({ payment }).where('counter', '<', counter);
};
