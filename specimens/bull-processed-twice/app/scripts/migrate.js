const fs = require('fs');
const path = require('path');
const { Client } = require('pg');

async function main() {
  const client = new Client({ connectionString: process.env.DATABASE_URL });
  await client.connect();
  const folder = path.join(__dirname, '..', 'migrations');
  for (const file of fs.readdirSync(folder).sort()) {
    await client.query(fs.readFileSync(path.join(folder, file), 'utf8'));
  }
  await client.end();
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
