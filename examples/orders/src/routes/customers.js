'use strict';

const { Router } = require('express');
const customerService = require('../services/customer-service');
const { validate, text, integer } = require('../middleware/validate');

const router = Router();

router.get('/', validate('query', {
  email: text({ max: 255 }),
  limit: integer({ min: 1, max: 100, fallback: 10 }),
}), async (req, res, next) => {
  try {
    const customer = await customerService.findByEmail(req.valid.email);
    if (!customer) return res.status(404).json({ error: 'customer not found' });
    const orders = await customerService.ordersOf(customer, req.valid);
    return res.json({ customer, orders });
  } catch (err) {
    return next(err);
  }
});

module.exports = router;
