#!/usr/bin/env node
'use strict';

const axios = require('axios');
const queues = require('../lib/queues');
const Ticket = require('../lib/models/ticket');
const donations = require('../lib/services/donations');

queues.mails(true).process(5, function (job, done) {
  Ticket.query()
    .findById(job.data.ticket)
    .withGraphFetched('[tour, visitor]')
    .then(function (ticket) {
      return axios
        .post(
          process.env.MAIL_URL + '/send',
          { to: ticket.visitor.email, text: ticket.tour.name + ': ' + ticket.code },
          { headers: { 'Idempotency-Key': ticket.code }, timeout: 8000 },
        )
        .then(function () {
          return Ticket.query().findById(ticket.id).patch({ mailed: true });
        });
    })
    .then(function () {
      done();
    })
    .catch(done);
});

queues.donations(true).process(async (job) => {
  await donations.book(job.data);
});
