const express = require('express');
const logger = require('./logger');
const { sequelize } = require('./models');
const { publish, byTag } = require('./articles');

const app = express();
app.use(express.json());

app.get('/health', (req, res) => res.json({ ok: true }));

app.post('/articles', async (req, res) => {
  const { title, desk, tags } = req.body;
  if (!title || !desk) return res.status(400).json({ error: 'title and desk are needed' });
  try {
    const article = await publish(req.body);
    logger.info('article published', { article: article.id, desk, tags });
    return res.status(201).json({ id: article.id });
  } catch (error) {
    logger.error('publishing failed', { desk, tags, error: error.message, stack: error.stack });
    return res.status(500).json({ error: 'publishing failed' });
  }
});

app.get('/tags/:slug/articles', async (req, res, next) => {
  try {
    res.json(await byTag(req.params.slug));
  } catch (error) {
    next(error);
  }
});

const port = Number(process.env.PORT || 3000);
sequelize.authenticate().then(() => {
  app.listen(port, '127.0.0.1', () => logger.info('newsroom listens', { port }));
}).catch((error) => {
  logger.error('no database', { error: error.message });
  process.exit(1);
});
