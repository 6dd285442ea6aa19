'use strict';

const { Pool } = require('pg');
const queue = require('./queue');

const pool = new Pool({ connectionString: process.env.REMINDERS_DB, max: 2 });

async function remind({ who, id }, attempts) {
  if (process.env.RETRY === 'always' && attempts === 0) throw new Error('not yet');
  if (process.env.RETRY === 'overtaken') {
    const { rows } = await pool.query('SELECT max(id) AS latest FROM asked');
    if (attempts === 0 && rows[0].latest !== id) throw new Error('somebody else asked meanwhile');
  }
  await pool.query('INSERT INTO reminded (who, at_ms) VALUES ($1, $2)', [who, Date.now()]);
}

queue.work(remind).then(() => console.log('worker ready'));
