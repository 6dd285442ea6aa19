'use strict';

const { fork } = require('child_process');
const { Pool } = require('pg');
const Redis = require('ioredis');

const pool = new Pool({ connectionString: process.env.DB_URL, max: 4 });
pool.on('error', () => {});
pool.on('connect', (client) => client.on('error', () => {}));
const redis = new Redis(process.env.REDIS_URL, { retryStrategy: () => 5, maxRetriesPerRequest: 0 });
redis.on('error', () => {});

const RELEASE = "if redis.call('get', KEYS[1]) == ARGV[1] then return redis.call('del', KEYS[1]) end return 0";

/** Sends a statement in the protocol's flow of that name. */
function query(client, how, text, values) {
  if (how === 'simple') return client.query(text.replace(/\$(\d)/g, (_, n) => `'${values[n - 1]}'`));
  return client.query(how === 'named' ? { name: text, text, values } : { text, values });
}

/** Two updates in a transaction; says what came and whether the session can be used afterwards. */
async function transfer({ how = 'extended', level = 'SERIALIZABLE' }) {
  const client = await pool.connect();
  const move = 'UPDATE accounts SET amount = amount + $1 WHERE id = $2';
  try {
    await client.query(`BEGIN ISOLATION LEVEL ${level}`);
    await query(client, how, move, [-1, 'a']);
    await query(client, how, move, [1, 'b']);
    await client.query('COMMIT');
  } catch (error) {
    if (error.code === undefined || !/^[0-9A-Z]{5}$/.test(error.code)) {
      client.release(error);
      throw error;
    }
    await client.query('ROLLBACK');
    const { rows } = await query(client, how, 'SELECT amount FROM accounts WHERE id = $1', ['a']);
    console.log(`transfer: ${error.code}, then ROLLBACK, then ${rows[0].amount}`);
    client.release();
    return 409;
  }
  client.release();
  return 200;
}

/** Two rows, each in a transaction of its own. */
async function pay({ farewell }, { payment }, request) {
  if (farewell) process.once('SIGTERM', () => console.log('farewell') || process.exit(0));
  console.log(`signature: ${request.headers['stripe-signature']}`);
  await pool.query('INSERT INTO payments (payment) VALUES ($1)', [payment]);
  await pool.query('INSERT INTO receipts (payment) VALUES ($1)', [payment]);
}

/** Rows by way of a cursor, whose messages end with Flush. */
async function read() {
  const Cursor = require('pg-cursor');
  const client = await pool.connect();
  await client.query('BEGIN ISOLATION LEVEL SERIALIZABLE');
  const rows = await client.query(new Cursor('SELECT amount FROM accounts')).read(5);
  await client.query('COMMIT');
  client.release();
  console.log(`read: ${rows.length}`);
}

/** Keys one after the other. */
async function note() {
  await redis.set('first', '1');
  await redis.set('second', '2');
  await redis.set('third', '3');
  console.log(`noted: ${await redis.mget('first', 'second', 'third')}`);
}

/** A note that is tried again until it is taken. */
async function keepNoting() {
  for (const key of ['first', 'second']) {
    while (true) {
      try {
        await redis.set(key, '1');
        break;
      } catch (error) {
        console.log(`again: ${error.message}`);
      }
    }
  }
}

/** Counts under a lease in Redis. */
async function count(_options, _body, request) {
  const token = `${process.pid}-${request.socket.remotePort}`;
  if (!(await redis.set('lease', token, 'PX', 60000, 'NX'))) return 423;
  const { rows } = await pool.query("SELECT amount FROM accounts WHERE id = 'a'");
  await pool.query("UPDATE accounts SET amount = $1 WHERE id = 'a'", [rows[0].amount + 1]);
  await redis.eval(RELEASE, 1, 'lease', token);
}

/** The same under the lock of a library. */
async function countUnderRedlock() {
  const { default: Redlock } = require('redlock');
  const lock = await new Redlock([redis], { retryCount: 0 }).acquire(['lease'], 60000);
  const { rows } = await pool.query("SELECT amount FROM accounts WHERE id = 'a'");
  await pool.query("UPDATE accounts SET amount = $1 WHERE id = 'a'", [rows[0].amount + 1]);
  await lock.release().catch((error) => console.log(`release: ${error.message}`));
}

/** Looks and inserts in one statement. */
async function once({ table }) {
  const columns = table === 'children' || table === 'strangers' ? ['parent', `'p'`] : ['label', `'x'`];
  const id = table === 'children' || table === 'strangers' ? ['id, ', 'gen_random_uuid(), '] : ['', ''];
  await pool.query(
    `INSERT INTO ${table} (${id[0]}${columns[0]}) SELECT ${id[1]}${columns[1]}
     WHERE NOT EXISTS (SELECT 1 FROM ${table} WHERE ${columns[0]} = ${columns[1]})`,
  );
}

/** Takes a seat if nobody has one. */
async function sit({ seat }) {
  await pool.query(
    `UPDATE seats SET taken = true WHERE id = $1
     AND (SELECT count(*) FROM seats WHERE taken) = 0`, [seat]);
}

/** Its timer writes down that it is alive for as long as the work lasts. */
async function work() {
  const beat = setInterval(() => redis.hset('alive', 'at', Date.now()).catch(() => {}), 80);
  await redis.hset('alive', 'at', 'begun');
  await pool.query("UPDATE accounts SET amount = amount + 1 WHERE id = 'b'");
  await redis.del('alive');
  clearInterval(beat);
}

/** The same insert, done by a child process. */
async function delegate() {
  await new Promise((resolve) => fork('./child.js').on('exit', resolve));
}

module.exports = {
  transfer, pay, read, note, keepNoting, count, countUnderRedlock, once, sit, work, delegate,
};
