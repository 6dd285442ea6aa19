'use strict';

const Koa = require('koa');
const bodyParser = require('koa-bodyparser');
const { Queue } = require('bullmq');
const { QUEUE, connect } = require('./queue');
const { pool } = require('./postgres');
const { log } = require('./log');

const STATUSES = ['announced', 'picked_up', 'in_transit', 'out_for_delivery', 'delivered'];
const queue = new Queue(QUEUE, { connection: connect() });
const app = new Koa();

app.use(bodyParser());
app.use(async (ctx, next) => {
  await next();
  if (ctx.path !== '/up') log(`${ctx.method} ${ctx.path} ${ctx.status}`);
});

app.use(async (ctx) => {
  const parcel = ctx.path.match(/^\/parcels\/([\w-]+)$/);
  if (ctx.path === '/up') {
    ctx.body = 'up';
  } else if (ctx.method === 'POST' && ctx.path === '/carriers/scans') {
    await receive(ctx);
  } else if (ctx.method === 'GET' && parcel) {
    const { rows } = await pool.query('SELECT * FROM parcels WHERE tracking_number = $1', [
      parcel[1],
    ]);
    if (rows.length > 0) [ctx.body] = rows;
  }
});

async function receive(ctx) {
  const scan = ctx.request.body;
  if (!scan.scanId || !scan.trackingNumber || !STATUSES.includes(scan.status)) {
    ctx.status = 400;
    return;
  }
  await queue.add('scan', scan, { removeOnComplete: true, attempts: 3 });
  ctx.status = 202;
}

app.listen(Number(process.env.PORT || 8100), () => log('listening'));
