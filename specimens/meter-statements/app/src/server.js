'use strict';

const Koa = require('koa');
const Redis = require('ioredis');
const { redisUrl, port, logger } = require('./config');

const redis = new Redis(redisUrl);
const app = new Koa();

app.use(async (ctx) => {
  if (ctx.path === '/up') {
    ctx.body = 'up';
    return;
  }
  const [, meter] = ctx.path.match(/^\/meters\/([\w-]+)\/statements$/) || [];
  if (ctx.method !== 'POST' || meter === undefined) return;
  await redis.rpush('statements:asked', meter);
  logger.info({ meter }, 'statement asked for');
  ctx.status = 202;
  ctx.body = { meter };
});

app.listen(port, '127.0.0.1', () => logger.info({ port }, 'serving'));
