const { Router } = require('express');
const cache = require('../cache');
const db = require('../db');

const router = Router();

router.get('/:card', async (req, res, next) => {
  try {
    const cached = await cache.read(req.params.card);
    if (cached !== null) return res.json({ card: req.params.card, cents: Number(cached) });
    const wallet = await db('wallets').where({ card: req.params.card }).first();
    if (!wallet) return res.status(404).json({ error: 'unknown card' });
    await cache.write(wallet.card, wallet.balance_cents);
    return res.json({ card: wallet.card, cents: wallet.balance_cents });
  } catch (error) {
    return next(error);
  }
});

module.exports = router;
