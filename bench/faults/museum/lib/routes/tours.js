'use strict';

const Router = require('@koa/router');
const redis = require('../redis');
const Tour = require('../models/tour');
const tours = require('../services/tours');

const router = new Router({ prefix: '/tours' });

router.get('/', async (ctx) => {
  const kept = await redis.get('tours');
  if (kept) {
    ctx.body = JSON.parse(kept);
    return;
  }
  const rows = await Tour.query().select('id', 'name').orderBy('sold', 'desc');
  await redis.setex('tours', 30, JSON.stringify(rows));
  ctx.body = rows;
});

router.post('/:id/tickets', async (ctx) => {
  const ticket = await tours.buy(ctx.params.id, ctx.request.body.visitor);
  if (!ticket) ctx.throw(409, 'sold out');
  ctx.status = 201;
  ctx.body = { code: ticket.code };
});

router.patch('/:id/labels', async (ctx) => {
  const labels = await tours.label(ctx.params.id, ctx.request.body);
  if (!labels) ctx.throw(409, 'changed meanwhile');
  ctx.body = labels;
});

module.exports = router;
