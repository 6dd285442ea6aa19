const { Router } = require('express');
const db = require('../db');

const router = Router();

router.get('/', async (req, res) => {
  await db.raw('SELECT 1');
  res.json({ ok: true });
});

module.exports = router;
