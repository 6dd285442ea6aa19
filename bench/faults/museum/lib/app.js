'use strict';

const Koa = require('koa');
const { koaBody } = require('koa-body');

const app = new Koa();

app.use(koaBody({ includeUnparsed: true }));
for (const name of ['visitors', 'tours', 'payments']) {
  const router = require('./routes/' + name);
  app.use(router.routes()).use(router.allowedMethods());
}

module.exports = app;
