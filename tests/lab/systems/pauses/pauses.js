'use strict';

// Answers at once, then asks for a rate, pauses, and writes what it has not written yet.

const http = require('node:http');
const { setTimeout: pause } = require('node:timers/promises');
const { Pool } = require('pg');

const pool = new Pool({ connectionString: process.env.LEDGER_URL });

async function settle(id) {
  const rate = await (await fetch(`${process.env.RATES_URL}/rates`)).json();
  await pause(Number(process.env.PAUSE_MS));
  const known = await pool.query('SELECT id FROM settlements WHERE id = $1', [id]);
  if (known.rowCount === 0) {
    await pool.query('INSERT INTO settlements VALUES ($1, $2)', [id, rate.value]);
  }
}

http
  .createServer((request, response) => {
    response.writeHead(request.url === '/health' ? 204 : 202).end();
    if (request.url !== '/health') {
      settle(request.url.slice(1)).catch((error) => console.error(error.message));
    }
  })
  .listen(Number(process.env.PORT), '127.0.0.1');
