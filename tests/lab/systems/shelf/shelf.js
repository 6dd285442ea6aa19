'use strict';

const http = require('http');
const { Pool } = require('pg');
const Redis = require('ioredis');

const pool = new Pool({ connectionString: process.env.SHELF_DB, max: 4 });
const redis = new Redis(process.env.SHELF_REDIS);
const tills = [redis, new Redis(process.env.SHELF_REDIS)];
let turn = 0;
const FULL = 10;

/** Two at the same time may read the same number. */
async function take(who) {
  const till = tills[turn++ % tills.length];
  const left = Number((await till.get('left')) ?? FULL);
  await till.set('left', left - 1);
  await pool.query('INSERT INTO takings (who) VALUES ($1)', [who]);
  return [201, { taking: { left: left - 1, tags: [`tag-${who}`] } }];
}

async function audit() {
  const taken = await pool.query('SELECT count(*)::int AS n FROM takings');
  const left = Number((await redis.get('left')) ?? FULL);
  return [taken.rows[0].n + left === FULL ? 200 : 409, { taken: taken.rows[0].n, left }];
}

async function tag(label) {
  await pool.query('INSERT INTO tags (label) VALUES ($1)', [label]);
  return [200, {}];
}

async function answer(method, path, body) {
  if (path === '/take') return take(body.who);
  if (path === '/audit') return audit();
  if (path.startsWith('/tags/')) return tag(decodeURIComponent(path.slice(6)));
  if (path === '/closed') return [503, {}];
  return [204, {}];
}

http
  .createServer(async (request, response) => {
    let text = '';
    for await (const chunk of request) text += chunk;
    const [status, value] = await answer(request.method, request.url, text ? JSON.parse(text) : {});
    response.writeHead(status, { 'content-type': 'application/json' });
    response.end(status === 204 ? undefined : JSON.stringify(value));
  })
  .listen(Number(process.env.PORT), '127.0.0.1');
