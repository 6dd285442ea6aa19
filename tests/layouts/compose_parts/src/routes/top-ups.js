const { Router } = require('express');
const queue = require('../queues/top-ups');

const router = Router();

// Terminals send this when cash was put in, and once more if they got no answer.
router.post('/', async (req, res, next) => {
  const { card, cents, receipt } = req.body;
  if (!card || !Number.isInteger(cents) || cents <= 0) {
    return res.status(422).json({ error: 'card and cents are needed' });
  }
  try {
    const job = await queue.add({ card, cents, receipt });
    return res.status(202).json({ job: job.id });
  } catch (error) {
    return next(error);
  }
});

module.exports = router;
