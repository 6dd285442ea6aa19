'use strict';

const http = require('http');
const { Pool } = require('pg');
const queue = require('./queue');

const pool = new Pool({ connectionString: process.env.REMINDERS_DB, max: 4 });

async function answer(request) {
  let text = '';
  for await (const chunk of request) text += chunk;
  if (request.url === '/health') return 200;
  const { who } = JSON.parse(text);
  if (request.url === '/naps') {
    await new Promise((resolve) => setTimeout(resolve, Number(process.env.DELAY_MS)));
    await pool.query('INSERT INTO reminded (who, at_ms) VALUES ($1, $2)', [who, Date.now()]);
    return 201;
  }
  const { rows } = await pool.query(
    'INSERT INTO asked (who, at_ms) VALUES ($1, $2) RETURNING id',
    [who, Date.now()],
  );
  await queue.add(who, rows[0].id);
  return 202;
}

http
  .createServer(async (request, response) => response.writeHead(await answer(request)).end())
  .listen(Number(process.env.PORT), '127.0.0.1');
