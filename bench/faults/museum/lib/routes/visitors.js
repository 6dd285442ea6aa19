'use strict';

const Router = require('@koa/router');
const visitors = require('../services/visitors');

const router = new Router({ prefix: '/visitors' });

router.post('/', async (ctx) => {
  const visitor = await visitors.register(ctx.request.body.email);
  ctx.status = 201;
  ctx.body = { id: visitor.id };
});

router.post('/:id/visits', async (ctx) => {
  await visitors.visit(ctx.params.id);
  ctx.status = 204;
});

router.post('/:id/spend', async (ctx) => {
  ctx.status = (await visitors.spend(ctx.params.id, Number(ctx.request.body.points))) ? 204 : 402;
});

router.post('/:id/give/:to', async (ctx) => {
  const done = await visitors.give(ctx.params.id, ctx.params.to, Number(ctx.request.body.points));
  ctx.status = done ? 204 : 402;
});

router.put('/:id/favourites/:object', async (ctx) => {
  await visitors.like(ctx.params.id, ctx.params.object);
  ctx.status = 204;
});

module.exports = router;
