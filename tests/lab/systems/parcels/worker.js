'use strict';

// Counts parcels, each in two steps.

const { run } = require('graphile-worker');

async function count(_payload, helpers) {
  const { rows } = await helpers.query('SELECT parcels FROM counted');
  await helpers.query('UPDATE counted SET parcels = $1', [rows[0].parcels + 1]);
}

run({ connectionString: process.env.PARCELS_DB, concurrency: 1, taskList: { count } }).then(() => {
  console.log('worker ready');
});
