'use strict';

const { readFileSync } = require('node:fs');
const { join } = require('node:path');
const { pool } = require('../src/postgres');

async function run() {
  await pool.query(readFileSync(join(__dirname, '001-parcels.sql'), 'utf8'));
  await pool.end();
}

run();
