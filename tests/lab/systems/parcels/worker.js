'use strict';

// Counts parcels, each in two steps, and writes them down.

const database = process.env.PARCELS_DB;

async function count(path, query) {
  const { rows } = await query('SELECT total FROM counted');
  await query('UPDATE counted SET total = $1', [rows[0].total + 1]);
  await query('INSERT INTO done VALUES ($1)', [path]);
}

async function graphileWorker() {
  const { run } = require('graphile-worker');
  const tasks = { count: ({ path }, { query }) => count(path, query) };
  await run({ connectionString: database, concurrency: 1, taskList: tasks });
}

async function pgBoss() {
  const Boss = require('pg-boss');
  const { Pool } = require('pg');
  const pool = new Pool({ connectionString: database });
  const boss = new Boss(database);
  await boss.start();
  await boss.createQueue('count');
  await boss.work('count', { pollingIntervalSeconds: 0.5 }, ([job]) =>
    count(job.data.path, (text, values) => pool.query(text, values)),
  );
}

(process.env.LIBRARY === 'pg-boss' ? pgBoss() : graphileWorker()).then(() => {
  console.log('worker ready');
});
