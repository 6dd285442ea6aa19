const express = require('express');
const database = require('./database');
const logger = require('./logger');
const { bringUpToDate } = require('./schema');

const app = express();
app.use(express.json());

app.get('/health', (req, res) => res.json({ ok: true }));

app.put('/workspaces/:name([a-z0-9]+)', async (req, res) => {
  const { name } = req.params;
  const { plan } = req.body;
  try {
    if (!(await bringUpToDate(name))) {
      logger.info('workspace is being opened', { name });
      return res.status(202).json({ name });
    }
    await database.query(
      'INSERT INTO workspaces (name, plan) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET plan = $2',
      [name, plan],
    );
    logger.info('workspace opened', { name, plan });
    return res.json({ name });
  } catch (error) {
    logger.error('workspace was not opened', { name, error: error.message });
    return res.status(500).json({ error: 'workspace was not opened' });
  }
});

const port = Number(process.env.PORT || 3000);
app.listen(port, '127.0.0.1', () => logger.info('workspaces listen', { port }));
