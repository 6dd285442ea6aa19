const fs = require('fs');
const path = require('path');
const database = require('./database');

// A new environment begins with the structure that the last release left.
const structure = fs.readFileSync(path.join(__dirname, '..', 'db', 'structure.sql'), 'utf8');

database.raw(structure).then(() => database.destroy()).catch((error) => {
  console.error(error);
  process.exit(1);
});
