'use strict';

const express = require('express');
const cache = require('./cache');
const { book } = require('./bookings');
const { quotedPrice, setPrice } = require('./prices');
const { logger, port } = require('./config');

const app = express();
app.use(express.json());

const answer = (handle) => (req, res, next) => handle(req, res).catch(next);

app.get('/health', (req, res) => res.json({ ok: true }));

app.get('/shows/:show/price', answer(async (req, res) => {
  res.json({ show: req.params.show, cents: await quotedPrice(req.params.show) });
}));

app.put('/shows/:show/price', answer(async (req, res) => {
  const { cents } = req.body;
  if (!Number.isInteger(cents) || cents <= 0) return res.status(422).json({ error: 'cents' });
  await setPrice(req.params.show, cents);
  logger.info({ show: req.params.show, cents }, 'price set');
  return res.status(204).end();
}));

app.post('/bookings', answer(async (req, res) => {
  const booking = await book(req.body);
  if (booking === null) return res.status(409).json({ error: 'the price has changed' });
  logger.info({ show: req.body.show, booking: booking.id }, 'booked');
  return res.status(201).json(booking);
}));

app.use((error, req, res, next) => {
  logger.error({ err: error, url: req.url }, 'request failed');
  res.status(500).json({ error: 'internal' });
});

cache.connect().then(() => {
  app.listen(port, '127.0.0.1', () => logger.info({ port }, 'serving'));
});
