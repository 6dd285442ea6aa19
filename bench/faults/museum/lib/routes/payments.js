'use strict';

const crypto = require('crypto');
const Router = require('@koa/router');
const donations = require('../services/donations');
const producers = require('../queues/producers');

const router = new Router({ prefix: '/payments' });

router.use(async (ctx, next) => {
  const wanted = crypto
    .createHmac('sha256', process.env.PAYMENTS_SECRET)
    .update(ctx.request.body[Symbol.for('unparsedBody')])
    .digest('hex');
  const given = ctx.get('x-payments-signature');
  const same = given.length === wanted.length && crypto.timingSafeEqual(Buffer.from(given), Buffer.from(wanted));
  if (!same) ctx.throw(400);
  await next();
});

router.post('/events', async (ctx) => {
  const event = ctx.request.body;
  if (event.kind === 'donation') {
    await producers.bookDonation(event);
  } else if (event.kind === 'state') {
    await donations.follow(event.payment, event.state, event.counter);
  }
  ctx.status = 202;
});

module.exports = router;
