'use strict';

const express = require('express');
const discounts = require('../discounts');

const router = express.Router();

router.post('/carts/:id/discount', async (req, res, next) => {
  const { email, totalCents, code } = req.body;
  if (!email || !code || !Number.isInteger(totalCents)) {
    return res.status(422).json({ error: 'email, totalCents and code are needed' });
  }
  try {
    const cart = await discounts.apply({ cartId: req.params.id, email, totalCents, code });
    console.log(`${code} for ${email}: ${cart.discount_cents} cents off cart ${cart.id}`);
    return res.status(201).json({ cart: cart.id, discountCents: cart.discount_cents });
  } catch (error) {
    return next(error);
  }
});

router.get('/customers/:email/discounts', async (req, res, next) => {
  try {
    res.json(await discounts.usesOf(req.params.email));
  } catch (error) {
    next(error);
  }
});

module.exports = router;
