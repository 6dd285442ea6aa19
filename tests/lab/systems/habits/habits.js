'use strict';

// Counts visits; after a while it remembers that the page exists and no longer looks.

const http = require('node:http');
const { Pool } = require('pg');

const pool = new Pool({ connectionString: process.env.PAGES_URL, max: 1 });
const habit = Number(process.env.HABIT_AFTER);
let visits = 0;

http
  .createServer(async (request, response) => {
    if (request.url !== '/health') {
      visits += 1;
      if (visits <= habit) await pool.query('SELECT name FROM pages');
      await pool.query('UPDATE pages SET views = views + 1 WHERE name = $1', ['front']);
    }
    response.writeHead(204).end();
  })
  .listen(Number(process.env.PORT), '127.0.0.1');
