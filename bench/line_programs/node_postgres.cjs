'use strict';
// node-postgres: a saturated pool, queued queries on one client, cursors, streams, transactions.
const { Pool, Client } = require('pg');
const Cursor = require('pg-cursor');
const QueryStream = require('pg-query-stream');
const { tag, rounds, version } = require('./tags.cjs');
const connectionString = process.env.DATABASE_URL;

const viaPool = (pool) =>
  pool.query('SELECT $1::text', [tag('helper')]); // line: helper

async function pooled(pool) {
  await Promise.all([
    pool.query('SELECT $1::text', [tag('pool')]), // line: pool
    pool.query(`SELECT 1 /* ${tag('pool_text')} */`), // line: pool_text
    viaPool(pool),
  ]);
  await pool.query({ name: 'named', text: 'SELECT $1::text', values: [tag('named')] }); // line: named
}

async function acquired(pool) {
  const client = await pool.connect();
  await client.query('BEGIN');
  await client.query('SELECT $1::text', [tag('client')]); // line: client
  const first = client.query('SELECT $1::text', [tag('queued_first')]); // line: queued_first
  const second = client.query('SELECT $1::text', [tag('queued_second')]); // line: queued_second
  await Promise.all([first, second]);
  await client.query('COMMIT');
  const cursor = client.query(new Cursor('SELECT * FROM generate_series(1, 5), (SELECT $1::text) x', [tag('cursor')])); // line: cursor
  await cursor.read(2);
  await cursor.close();
  const stream = client.query(new QueryStream('SELECT $1::text FROM generate_series(1, 5)', [tag('stream')])); // line: stream
  for await (const row of stream) void row;
  client.release();
}

async function callback() {
  const client = new Client({ connectionString });
  await client.connect();
  await new Promise((resolve) => {
    client.query('SELECT $1::text', [tag('callback')], resolve); // line: callback
  });
  await client.end();
}

async function main() {
  const pool = new Pool({ connectionString, max: 2 });
  const work = [];
  for (let round = 0; round < rounds; round += 1) work.push(pooled(pool), acquired(pool), callback());
  await Promise.all(work);
  await pool.end();
  version('pg');
}

main();
