'use strict';

const crypto = require('node:crypto');
const express = require('express');
const { Notice } = require('../db');
const { settlements } = require('../queues');

const router = express.Router();

function isGenuine(req) {
  const wanted = crypto.createHmac('sha256', process.env.NOTICE_SECRET).update(req.rawBody).digest();
  const given = Buffer.from(req.get('x-notice-signature') ?? '', 'hex');
  return given.length === wanted.length && crypto.timingSafeEqual(given, wanted);
}

router.post('/', async (req, res, next) => {
  if (!isGenuine(req)) {
    return res.status(400).end();
  }
  const notice = req.body;
  try {
    await settlements.add('settle', { notice }, { jobId: notice.id, attempts: 5, backoff: 1000 });
    return res.status(202).end();
  } catch (error) {
    return next(error);
  }
});

module.exports = router;
