'use strict';
// What drivers get to see, in each way of asking for TLS: one line of JSON for each way.

const fs = require('fs');
const { Client } = require('pg');
const Cursor = require('pg-cursor');
const Redis = require('ioredis');
const { createClient } = require('redis5');

const { DB_URL, DB_HOST, DB_PORT, DB_USER, DB_PASSWORD, DB_NAME, REDIS_URL, CA } = process.env;
const parts = {
  host: DB_HOST,
  port: Number(DB_PORT),
  user: DB_USER,
  password: DB_PASSWORD,
  database: DB_NAME,
};
const { hostname, port } = new URL(REDIS_URL);
const ways = CA
  ? {
      'pg, url': () => postgres({ connectionString: DB_URL }),
      'pg, unchecked': () => postgres({ ...parts, ssl: { rejectUnauthorized: false } }),
      'pg, ca': () => postgres({ ...parts, host: 'localhost', ssl: { ca: fs.readFileSync(CA) } }),
      'ioredis, url': () => ioredis(REDIS_URL),
      'ioredis, unchecked': () => ioredis({ host: hostname, port, tls: { rejectUnauthorized: false } }),
      'ioredis, ca': () => ioredis({ host: hostname, port, tls: { ca: fs.readFileSync(CA) } }),
      'redis, url': () => redis({ url: REDIS_URL }),
    }
  : {
      'pg, plain': () => postgres(parts),
      'ioredis, plain': () => ioredis(REDIS_URL),
      'redis, plain': () => redis({ url: REDIS_URL }),
    };

async function postgres(options) {
  const client = new Client(options);
  await client.connect();
  const seen = [];
  const ask = async (...query) => {
    try {
      const { rows, rowCount } = await client.query(...query);
      seen.push([rowCount, rows]);
    } catch (error) {
      seen.push([error.code, error.constraint || '']);
    }
  };
  await ask('CREATE TEMPORARY TABLE lines (n int PRIMARY KEY, body text)');
  await ask('INSERT INTO lines VALUES ($1, $2)', [1, 'x'.repeat(300000)]);
  await ask('INSERT INTO lines VALUES ($1, $2)', [1, 'y']);
  await ask('SELECT n, length(body) FROM lines');
  await ask('SELECT md5(body), body FROM lines');
  await ask('SELECT nothing');
  await Promise.all([1, 2, 3].map((n) => ask('SELECT $1::int AS n', [n])));
  const cursor = client.query(new Cursor('SELECT * FROM generate_series(1, 2500) AS n'));
  for (let rows = await cursor.read(1000); rows.length; rows = await cursor.read(1000)) {
    seen.push([rows.length, rows[0]]);
  }
  await cursor.close();
  const encrypted = Boolean(client.connection.stream.encrypted);
  await client.end();
  return { encrypted, seen };
}

async function ioredis(options) {
  const client = new Redis(options);
  client.on('error', () => {});
  const seen = [await client.flushall()];
  seen.push(await client.set('long', 'z'.repeat(500000)), (await client.get('long')).length);
  seen.push(await client.multi().incr('n').incr('n').exec());
  seen.push(await client.pipeline().incr('n').get('n').lpush('n', 1).exec());
  seen.push(await client.rpush('list', 'a', 'b'), await client.blpop('list', 1));
  seen.push(await client.eval('return {KEYS[1], 2}', 1, 'k'));
  const listener = client.duplicate();
  const message = new Promise((resolve) => listener.on('message', (_, text) => resolve(text)));
  await listener.subscribe('news');
  await client.publish('news', 'hello');
  seen.push(await message);
  const encrypted = Boolean(client.stream.encrypted);
  await listener.quit();
  await client.quit();
  return { encrypted, seen: JSON.parse(JSON.stringify(seen, plainly)) };
}

async function redis(options) {
  const client = createClient(options);
  await client.connect();
  const seen = [await client.flushAll(), await client.set('a', 'b'.repeat(70000))];
  seen.push(...(await Promise.all([client.strLen('a'), client.incr('n'), client.get('n')])));
  seen.push(await client.multi().incr('n').get('n').exec());
  await client.quit();
  return { encrypted: REDIS_URL.startsWith('rediss'), seen };
}

function plainly(_, value) {
  return value instanceof Error ? value.message : value;
}

(async () => {
  for (const [way, run] of Object.entries(ways)) console.log(JSON.stringify([way, await run()]));
})();
