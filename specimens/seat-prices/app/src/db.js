'use strict';

const { Pool } = require('pg');
const { databaseUrl } = require('./config');

const pool = new Pool({ connectionString: databaseUrl, max: 8 });

module.exports = { pool, query: (text, values) => pool.query(text, values) };
