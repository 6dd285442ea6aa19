'use strict';

const { Router, json } = require('express');
const orderService = require('../services/order-service');
const refundService = require('../services/refund-service');
const money = require('../utils/money');
const { validate, text, integer, oneOf } = require('../middleware/validate');

const router = Router();

function present(order) {
  const plain = order.get({ plain: true });
  return { ...plain, total: money.format(plain.totalCents, plain.currency) };
}

router.param('orderNumber', async (req, res, next, orderNumber) => {
  try {
    req.order = await orderService.findByNumber(orderNumber);
    if (!req.order) return res.status(404).json({ error: 'order not found' });
    return next();
  } catch (err) {
    return next(err);
  }
});

router.get('/', validate('query', {
  status: oneOf(['paid', 'refunded']),
  limit: integer({ min: 1, max: 100, fallback: 20 }),
  offset: integer({ min: 0, max: 100000, fallback: 0 }),
}), async (req, res, next) => {
  try {
    const orders = await orderService.list(req.valid);
    res.json({ orders: orders.map(present) });
  } catch (err) {
    next(err);
  }
});

router.get('/:orderNumber', (req, res) => {
  res.json(present(req.order));
});

router.post('/:orderNumber/notes', json(), validate('body', {
  author: text({ max: 64 }),
  body: text({ max: 2000 }),
}), async (req, res, next) => {
  try {
    const note = await orderService.addNote(req.order, req.valid);
    req.log.info({ orderNumber: req.order.orderNumber, noteId: note.id }, 'note added');
    res.status(201).json(note);
  } catch (err) {
    next(err);
  }
});

router.post('/:orderNumber/refunds', json(), validate('body', {
  reason: text({ max: 200 }),
}), async (req, res, next) => {
  try {
    const refund = await refundService.request(req.order, req.valid);
    if (!refund) return res.status(409).json({ error: 'nothing to refund' });
    req.log.info({ orderNumber: req.order.orderNumber, refundId: refund.id }, 'refund requested');
    return res.status(202).json({ refund: refund.id });
  } catch (err) {
    return next(err);
  }
});

module.exports = router;
