'use strict';

const queues = require('./index');

const mails = queues.mails(false);
const donations = queues.donations(false);

exports.mailTicket = function (ticketId, callback) {
  mails
    .createJob({ ticket: ticketId })
    .setId('ticket-' + ticketId)
    .retries(4)
    .backoff('exponential', 1000)
    .save(callback);
};

exports.bookDonation = function (event) {
  return donations
    .createJob(event)
    .setId('donation-' + event.payment)
    .retries(8)
    .save();
};
