'use strict';

const { promisify } = require('util');
const crypto = require('crypto');
const { raw, UniqueViolationError } = require('objection');
const Tour = require('../models/tour');
const Ticket = require('../models/ticket');
const producers = require('../queues/producers');

const mailTicket = promisify(producers.mailTicket);

exports.buy = async function (tourId, visitorId) {
  let ticket;
  try {
    ticket = await Tour.transaction(async (trx) => {
      const tour = await Tour.query(trx).findById(tourId).forUpdate();
      if (tour.sold >= tour.places) return null;
      await tour.$query(trx).patch({ sold: tour.sold + 1 });
      return Ticket.query(trx).insertAndFetch({ tourId, visitorId, code: crypto.randomUUID() });
    });
  } catch (error) {
    if (error instanceof UniqueViolationError) return null;
    throw error;
  }
  if (ticket) await mailTicket(ticket.id);
  return ticket;
};

exports.label = async function (tourId, labels) {
  const tour = await Tour.query().findById(tourId).throwIfNotFound();
  const merged = Object.assign({}, tour.labels, labels);
  const changed = await Tour.query()
    .patch({ labels: merged, edition: raw('edition + 1') })
    .where({ id: tourId, edition: tour.edition });
  return changed ? merged : null;
};

exports.unmailed = function () {
  return Ticket.query().where('mailed', false).orderBy('id').limit(200);
};
