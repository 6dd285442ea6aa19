const path = require('path');
const migrate = require('node-pg-migrate').default;

const FOLDER = path.join(__dirname, '..', 'migrations', 'tenant');
const BUSY = 'Another migration is already running';
const silent = { debug() {}, info() {}, warn() {}, error() {} };

// Brings the schema of a workspace up to date; false while somebody else is at it.
async function bringUpToDate(name) {
  try {
    await migrate({
      databaseUrl: process.env.DATABASE_URL,
      dir: FOLDER,
      direction: 'up',
      schema: `workspace_${name}`,
      createSchema: true,
      migrationsTable: 'migrations',
      logger: silent,
    });
    return true;
  } catch (error) {
    if (error.message === BUSY) return false;
    throw error;
  }
}

module.exports = { bringUpToDate };
