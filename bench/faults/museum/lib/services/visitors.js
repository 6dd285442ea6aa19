'use strict';

const _ = require('lodash');
const { raw, UniqueViolationError } = require('objection');
const Visitor = require('../models/visitor');
const Favourite = require('../models/favourite');

exports.register = async (email) => {
  const known = await Visitor.query().findOne({ email });
  if (known) return known;
  try {
    return await Visitor.query().insert({ email });
  } catch (error) {
    if (error instanceof UniqueViolationError) return Visitor.query().findOne({ email });
    throw error;
  }
};

exports.visit = (id) => Visitor.query().findById(id).increment('visits', 1);

exports.spend = async (id, points) => {
  const changed = await Visitor.query()
    .where('id', id)
    .where('points', '>=', points)
    .patch({ points: raw('points - ?', [points]) });
  return changed > 0;
};

exports.give = (fromId, toId, points) =>
  Visitor.transaction(async (trx) => {
    const rows = await Visitor.query(trx).whereIn('id', [fromId, toId]).orderBy('id').forUpdate();
    const byId = _.keyBy(rows, 'id');
    if (byId[fromId].points < points) return false;
    await byId[fromId].$query(trx).decrement('points', points);
    await byId[toId].$query(trx).increment('points', points);
    return true;
  });

exports.like = (visitorId, object) =>
  Favourite.query().insert({ visitorId, object }).onConflict(['visitor_id', 'object']).ignore();
