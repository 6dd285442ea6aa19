'use strict';

const express = require('express');
const bookings = require('./routes/bookings');
const credits = require('./routes/credits');
const lessons = require('./routes/lessons');
const notices = require('./routes/notices');

const app = express();

app.use(express.json({ verify: (req, res, raw) => { req.rawBody = raw; } }));
app.use('/bookings', bookings);
app.use('/credits', credits);
app.use('/lessons', lessons);
app.use('/notices', notices);
app.use((error, req, res, next) => {
  console.error(error);
  res.status(500).json({ error: error.message });
});

app.listen(process.env.PORT);
