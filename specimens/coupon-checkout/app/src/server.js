'use strict';

const express = require('express');
const morgan = require('morgan');
const carts = require('./routes/carts');
const database = require('./database');
const { DiscountError } = require('./discounts');

const app = express();
app.use(express.json());
app.use(morgan(':date[iso] :method :url :status :response-time ms'));

app.get('/healthz', async (_req, res, next) => {
  try {
    await database.raw('SELECT 1');
    res.json({ ok: true });
  } catch (error) {
    next(error);
  }
});
app.use(carts);

app.use((error, req, res, _next) => {
  if (error instanceof DiscountError) {
    console.log(`refused ${req.originalUrl}: ${error.message}`);
    return res.status(error.status).json({ error: error.message });
  }
  console.error(error);
  return res.status(500).json({ error: 'internal error' });
});

const port = Number(process.env.PORT || 3000);
app.listen(port, () => console.log(`teapot-checkout on port ${port}`));
