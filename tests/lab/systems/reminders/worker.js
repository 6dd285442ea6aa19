'use strict';

const { Pool } = require('pg');
const queue = require('./queue');

const pool = new Pool({ connectionString: process.env.REMINDERS_DB, max: 2 });

async function remind(who, attempts) {
  if (process.env.RETRY === 'yes' && attempts === 0) throw new Error('not yet');
  await pool.query('INSERT INTO reminded (who, at_ms) VALUES ($1, $2)', [who, Date.now()]);
}

queue.work(remind).then(() => console.log('worker ready'));
