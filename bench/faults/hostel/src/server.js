import { createHmac, timingSafeEqual } from 'node:crypto';
import { bodyParser } from '@koa/bodyparser';
import Router from '@koa/router';
import Koa from 'koa';
import { reserve } from './beds.js';
import { arrive, known, move, spend } from './guests.js';
import { boss } from './stores.js';

const app = new Koa();
const router = new Router();

router.post('/guests', async (ctx) => {
  ctx.body = await known(ctx.request.body.passport);
});

router.post('/guests/:id/spend', async (ctx) => {
  ctx.status = (await spend(Number(ctx.params.id), ctx.request.body.cents)) ? 204 : 402;
});

router.post('/guests/:id/arrivals', async (ctx) => {
  await arrive(Number(ctx.params.id));
  ctx.status = 204;
});

router.post('/guests/:from/move/:to', async (ctx) => {
  await move(Number(ctx.params.from), Number(ctx.params.to), ctx.request.body.cents);
  ctx.status = 204;
});

router.post('/beds', async (ctx) => {
  const { room, night, guest } = ctx.request.body;
  const id = await reserve(room, night, guest);
  ctx.status = id === null ? 409 : 201;
  ctx.body = { id };
});

router.post('/receipts', async (ctx) => {
  const wanted = createHmac('sha256', process.env.RECEIPT_SECRET).update(ctx.request.rawBody).digest();
  const given = Buffer.from(ctx.get('x-receipt-signature'), 'hex');
  if (given.length !== wanted.length || !timingSafeEqual(given, wanted)) {
    ctx.status = 400;
    return;
  }
  const { receipt } = ctx.request.body;
  await boss.send('receipt', ctx.request.body, { singletonKey: receipt, retryLimit: 5 });
  ctx.status = 202;
});

await boss.start();
app.use(bodyParser());
app.use(router.routes());
app.listen(process.env.PORT);
