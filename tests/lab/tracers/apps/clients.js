'use strict';
const { Pool } = require('pg');
const url = process.env.REDIS_URL;

async function ioredis(name) {
  const Redis = require(name);
  const client = new Redis(url);
  const early = client.set(`${name}:early`, '1'); // line: offline set
  await early;
  await client.incr(`${name}:n`); // line: incr
  client.defineCommand('bump', { numberOfKeys: 1, lua: `return redis.call('INCR', KEYS[1]) -- ${name}` });
  await client.bump(`${name}:bumped`); // line: bump
  const pipeline = client.pipeline();
  pipeline.set(`${name}:p`, 'é'); // line: pipeline set
  pipeline.get(`${name}:p`); // line: pipeline get
  await pipeline.exec();
  await client.multi().set(`${name}:m`, '1').incr(`${name}:m`).exec(); // line: multi
  client.disconnect();
}

async function nodeRedis(name) {
  const { createClient } = require(name);
  const client = await createClient({ url }).connect();
  await client.set(`${name}:k`, 'v'); // line: node-redis set
  await Promise.all([
    client.get(`${name}:k`), // line: node-redis get
    client.incr(`${name}:n`), // line: node-redis incr
  ]);
  await client.disconnect();
}

async function pg() {
  const pool = new Pool({ connectionString: process.env.DATABASE_URL, max: 1 });
  const first = pool.query('SELECT 11 AS pooled'); // line: pool first
  const second = pool.query('SELECT $1::int AS waited', [12]); // line: pool second
  await Promise.all([first, second]);
  const client = await pool.connect();
  const a = client.query('SELECT 13'); // line: client first
  const b = client.query({ name: 'named', text: 'SELECT $1::int', values: [14] }); // line: client queued
  await Promise.all([a, b]);
  client.release();
  await pool.end();
}

const work = { ioredis: () => ioredis('ioredis'), ioredis4: () => ioredis('ioredis4'),
  redis4: () => nodeRedis('redis4'), redis5: () => nodeRedis('redis5'), pg };

work[process.argv[2]]().then(() => process.exit(0));
