#!/usr/bin/env node
'use strict';

const axios = require('axios');
const cron = require('node-cron');
const lock = require('../lib/lock');
const producers = require('../lib/queues/producers');
const Tour = require('../lib/models/tour');
const tours = require('../lib/services/tours');

function report(done) {
  lock('lock:report', 300, function (error, unlock) {
    if (error || !unlock) return done(error);
    Tour.query()
      .sum('sold as sold')
      .then((rows) => axios.post(process.env.BOARD_URL + '/reports', rows, { timeout: 60000 }))
      .then(
        () => unlock(done),
        (failure) => unlock(() => done(failure)),
      );
  });
}

cron.schedule('0 6 * * *', () => report((error) => error && console.error(error)));

cron.schedule('*/10 * * * *', async () => {
  for (const ticket of await tours.unmailed()) {
    producers.mailTicket(ticket.id, (error) => error && console.error(error));
  }
});
