const { Router } = require('express');
const database = require('./database');
const logger = require('./logger');

// The deploy tool calls this on every service once its new version runs.
const hooks = Router();

hooks.post('/release', async (req, res) => {
  const { release } = req.body;
  try {
    const [batch, migrations] = await database.migrate.latest();
    logger.info('database is up to date', { release, batch, migrations: migrations.length });
    res.json({ release, migrations });
  } catch (error) {
    logger.error('release failed', { release, error: error.message, stack: error.stack });
    res.status(500).json({ error: error.message });
  }
});

module.exports = hooks;
