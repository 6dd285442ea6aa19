'use strict';

const { Router } = require('express');
const { sequelize } = require('../models');
const metrics = require('../utils/metrics');
const paymentQueue = require('../queues/payment-queue');

const router = Router();

router.get('/health', async (req, res) => {
  try {
    await sequelize.query('SELECT 1');
    await paymentQueue.client.ping();
    res.json({ status: 'ok' });
  } catch (err) {
    req.log.error({ err }, 'health check failed');
    res.status(503).json({ status: 'unavailable' });
  }
});

router.get('/metrics', (req, res) => {
  res.type('text/plain').send(metrics.render());
});

module.exports = router;
