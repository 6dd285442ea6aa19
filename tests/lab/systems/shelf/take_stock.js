'use strict';

/** Reads how many are left and writes one less: a program of the outside world. */
const { Client } = require('pg');
const Redis = require('ioredis');

async function main() {
  const redis = new Redis(process.env.SHELF_REDIS);
  const left = Number((await redis.get('left')) ?? 10);
  await redis.set('left', left - 1);
  redis.disconnect();
  const client = new Client({ connectionString: process.env.SHELF_DB });
  await client.connect();
  await client.query('INSERT INTO takings (who) VALUES ($1)', [process.argv[2]]);
  await client.end();
  console.log(`stock taken by ${process.argv[2]} through ${process.env.PORT}`);
  process.exitCode = Number(process.argv[3] ?? 0);
}

main();
