'use strict';

const fs = require('fs');
const path = require('path');
const db = require('./db');

const folder = path.join(__dirname, '..', 'migrations');

async function main() {
  for (const file of fs.readdirSync(folder).sort()) {
    await db.query(fs.readFileSync(path.join(folder, file), 'utf8'));
  }
  await db.end();
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
