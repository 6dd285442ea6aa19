'use strict';

// Counts parcels, each in two steps, and writes them down.

const { run } = require('graphile-worker');

async function count({ path }, helpers) {
  const { rows } = await helpers.query('SELECT total FROM counted');
  await helpers.query('UPDATE counted SET total = $1', [rows[0].total + 1]);
  await helpers.query('INSERT INTO done VALUES ($1)', [path]);
}

run({ connectionString: process.env.PARCELS_DB, concurrency: 1, taskList: { count } }).then(() => {
  console.log('worker ready');
});
