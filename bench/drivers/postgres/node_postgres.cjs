// What node-postgres does on the wire, with its cursors, query streams and COPY streams.
'use strict';

const { pipeline } = require('node:stream/promises');
const { Readable } = require('node:stream');
const { Client, Pool } = require('pg');
const Cursor = require('pg-cursor');
const QueryStream = require('pg-query-stream');
const { from: copyFrom, to: copyTo } = require('pg-copy-streams');
const { URL, LONG_BYTES, show, digest, failed, run } = require('./showing.cjs');

run(async () => {
  const client = new Client(URL);
  await client.connect();
  for (const part of [types, errors, prepared, transactions, cursors, copies, listening, cancelled]) {
    await part(client);
  }
  const long = await client.query('SELECT repeat($1, $2) AS body', ['x', LONG_BYTES]);
  show('long', digest(long.rows[0].body));
  const given = await client.query('SELECT length($1::text)', ['y'.repeat(LONG_BYTES)]);
  show('long in', given.rows[0].length);
  await client.end();
  await pooled();
});

async function types(client) {
  const values = [7, '1099511627776', '12.3450', 0.1, 'naïve ☃', Buffer.from([0, 255]), true,
    '00000000-0000-0000-0000-000000000009', '2024-02-29', { a: [1, null] }, [1, 2], null];
  const sql = 'SELECT $1::int a, $2::int8 b, $3::numeric c, $4::float8 d, $5::text e, $6::bytea f,'
    + ' $7::bool g, $8::uuid h, $9::timestamptz i, $10::jsonb j, $11::int[] k, $12::text l';
  const found = await client.query(sql, values);
  show('types', found.rows);
  show('fields', found.fields.map((field) => [field.name, field.dataTypeID, field.format]));
  const several = await client.query("SELECT 1 AS one; SELECT 'two' AS two; SET work_mem = '5MB'");
  show('several', several.map((result) => [result.command, result.rows]));
  show('empty', (await client.query('')).rows);
  show('arrays', (await client.query({ text: 'SELECT $1::int4', values: [1], rowMode: 'array', binary: true })).rows);
}

async function errors(client) {
  await client.query('CREATE TABLE things (id int PRIMARY KEY, name text UNIQUE)');
  await client.query("INSERT INTO things VALUES (1, 'one')");
  const refused = [
    ['INSERT INTO things VALUES ($1, $2)', [1, 'x']], ['SELEC'], ['SELECT 1; SELECT 1/0; SELECT 3'],
    ['SELECT * FROM nothing WHERE a = $1', [1]], ['SELECT $1::int', ['no number']],
  ];
  for (const [text, values] of refused) {
    await client.query(text, values).catch((error) => show('error', failed(error)));
  }
  const together = await Promise.allSettled([
    client.query('SELECT $1::int AS n', [1]), client.query('SELECT 1/$1', [0]), client.query('SELECT 3 AS n'),
  ]);
  show('queued', together.map((one) => (one.value ? one.value.rows : one.reason.code)));
}

async function prepared(client) {
  const statement = { name: 'sum', text: 'SELECT $1::int + 1 AS sum' };
  for (let number = 0; number < 4; number += 1) {
    show('sum', (await client.query({ ...statement, values: [number] })).rows[0].sum);
  }
  const bad = { name: 'bad', text: 'SELECT * FROM nothing' };
  for (let turn = 0; turn < 2; turn += 1) {
    await client.query(bad).catch((error) => show('bad', error.code));
  }
}

async function transactions(client) {
  await client.query('BEGIN');
  await client.query("INSERT INTO things VALUES (2, 'two')");
  await client.query('SAVEPOINT s');
  await client.query("INSERT INTO things VALUES (2, 'again')").catch((error) => show('inside', error.constraint));
  await client.query('SELECT 1').catch((error) => show('aborted', error.code));
  await client.query('ROLLBACK TO s');
  await client.query('COMMIT');
  show('kept', (await client.query('SELECT * FROM things ORDER BY id')).rows);
}

async function cursors(client) {
  const cursor = client.query(new Cursor('SELECT n FROM generate_series(1, $1) n', [250]));
  const sizes = [];
  for (let rows = await cursor.read(100); rows.length; rows = await cursor.read(100)) sizes.push(rows.length);
  show('cursor', sizes);
  await cursor.close();
  const closed = client.query(new Cursor('SELECT n FROM generate_series(1, 1000) n'));
  show('two', await closed.read(2));
  await closed.close();
  const broken = client.query(new Cursor('SELECT 10 / (3 - n) AS n FROM generate_series(1, 5) n'));
  try {
    for (;;) show('row', await broken.read(1));
  } catch (error) {
    show('broken', failed(error));
  }
  await broken.close().catch((error) => show('closing', error.code));
  let sum = 0;
  const stream = client.query(new QueryStream('SELECT n FROM generate_series(1, 3000) n', [], { batchSize: 70 }));
  for await (const row of stream) sum += row.n;
  show('stream', sum);
  const abandoned = client.query(new QueryStream('SELECT n FROM generate_series(1, 3000) n'));
  for await (const row of abandoned) {
    show('first', row.n);
    break;
  }
  show('usable', (await client.query('SELECT 1 AS one')).rows);
}

async function copies(client) {
  await client.query('CREATE TABLE lines (n int, body text)');
  const lines = Array.from({ length: 3000 }, (_, n) => `${n}\t${'x'.repeat(n % 300)}\n`);
  await pipeline(Readable.from(lines), client.query(copyFrom('COPY lines FROM STDIN')));
  const out = client.query(copyTo('COPY lines TO STDOUT'));
  const parts = [];
  for await (const part of out) parts.push(part);
  show('copied', digest(Buffer.concat(parts)));
  await pipeline(Readable.from(['x\ty\n'.repeat(50000)]), client.query(copyFrom('COPY lines FROM STDIN')))
    .catch((error) => show('bad line', failed(error)));
  const given = client.query(copyFrom('COPY lines FROM STDIN'));
  given.on('error', () => {});
  given.write('1\tx\n');
  await new Promise((done) => { given.once('close', done); given.destroy(new Error('given up')); });
  show('lines', (await client.query('SELECT count(*) FROM lines')).rows);
}

async function listening(client) {
  const said = [];
  client.on('notice', (notice) => said.push(notice.message));
  await client.query("DO $$BEGIN RAISE NOTICE 'one'; RAISE WARNING 'two'; END$$");
  show('notices', said);
  await client.query('LISTEN news');
  const heard = new Promise((done) => {
    const all = [];
    client.on('notification', (message) => { if (all.push(message.payload) === 3) done(all); });
  });
  const other = new Client(URL);
  await other.connect();
  for (let number = 0; number < 3; number += 1) await other.query("SELECT pg_notify('news', $1)", [`n${number}`]);
  show('heard', await heard);
  await other.end();
}

async function cancelled(client) {
  const slow = client.query('SELECT pg_sleep(30)').catch((error) => failed(error));
  const other = new Client(URL);
  await other.connect();
  const asleep = "SELECT 1 FROM pg_stat_activity WHERE pid = $1 AND wait_event = 'PgSleep'";
  while (!(await other.query(asleep, [client.processID])).rowCount);
  await other.end();
  const { host, port } = client;
  const connection = new (require('pg').Connection)();
  connection.on('connect', () => connection.cancel(client.processID, client.secretKey));
  connection.on('error', () => {});
  // The server hangs up when it has sent its signals; one that comes later ends the next statement.
  const signalled = new Promise((done) => { connection.once('end', done); });
  connection.connect(port, host);
  show('cancelled', await slow);
  await signalled;
}

async function pooled() {
  const pool = new Pool({ connectionString: URL, max: 4 });
  const found = await Promise.all(Array.from({ length: 12 }, async (_, number) => {
    const client = await pool.connect();
    try {
      await client.query('BEGIN');
      await client.query('SELECT pg_advisory_xact_lock($1)', [number % 3]);
      const { rows } = await client.query('SELECT count(*) FROM lines WHERE n < $1', [number * 10]);
      await client.query('COMMIT');
      return rows[0].count;
    } finally {
      client.release();
    }
  }));
  show('pool', found);
  await pool.end();
}
