'use strict';

const { Pool } = require('pg');

const pool = new Pool({ connectionString: process.env.TICKETS_DB, max: 4 });

async function find(holder) {
  const found = await pool.query('SELECT id FROM tickets WHERE holder = $1', [holder]);
  return found.rows[0];
}

async function insert(holder) {
  const { rows } = await pool.query('INSERT INTO tickets (holder) VALUES ($1) RETURNING id', [holder]);
  return rows[0];
}

async function viewed(page) {
  const { rows } = await pool.query('SELECT views FROM pages WHERE name = $1', [page]);
  await pool.query('UPDATE pages SET views = $1 WHERE name = $2', [rows[0].views + 1, page]);
}

async function viewedUnderLock(page) {
  const client = await pool.connect();
  try {
    await client.query('BEGIN');
    const { rows } = await client.query('SELECT views FROM pages WHERE name = $1 FOR UPDATE', [page]);
    await client.query('UPDATE pages SET views = $1 WHERE name = $2', [rows[0].views + 1, page]);
    await client.query('COMMIT');
  } finally {
    client.release();
  }
}

module.exports = { find, insert, viewed, viewedUnderLock };
