'use strict';

const { Client } = require('pg');

(async () => {
  const client = new Client({ connectionString: process.env.DB_URL });
  await client.connect();
  await client.query("INSERT INTO payments (payment) VALUES ('child')");
  await client.query("INSERT INTO receipts (payment) VALUES ('child')");
  await client.end();
})();
