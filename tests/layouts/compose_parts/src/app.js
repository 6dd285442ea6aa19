const express = require('express');
const balances = require('./routes/balances');
const status = require('./routes/status');
const topUps = require('./routes/top-ups');
const log = require('./log');

function build() {
  const app = express();
  app.use(express.json());
  app.use('/_status', status);
  app.use('/top-ups', topUps);
  app.use('/balances', balances);
  app.use((error, req, res, next) => {
    log.error(error.message, { path: req.path });
    res.status(500).json({ error: 'internal error' });
  });
  return app;
}

module.exports = { build };
