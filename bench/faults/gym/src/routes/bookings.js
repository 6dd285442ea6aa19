'use strict';

const crypto = require('node:crypto');
const express = require('express');
const { UniqueConstraintError } = require('sequelize');
const { sequelize, Lesson, Booking } = require('../db');
const { mails } = require('../queues');

const router = express.Router();

router.post('/', async (req, res, next) => {
  const { memberId, lessonId } = req.body;
  try {
    const booking = await sequelize.transaction(async (transaction) => {
      const lesson = await Lesson.findByPk(lessonId, { transaction, lock: transaction.LOCK.UPDATE });
      if (!lesson) {
        return null;
      }
      const taken = await Booking.count({ where: { lessonId }, transaction });
      if (taken >= lesson.capacity) {
        return null;
      }
      const reference = crypto.randomUUID();
      return Booking.create({ memberId, lessonId, reference }, { transaction });
    });
    if (!booking) {
      return res.status(409).json({ error: 'full' });
    }
    await mails.add('booked', { bookingId: booking.id }, { jobId: `booked-${booking.id}` });
    return res.status(201).json(booking);
  } catch (error) {
    if (error instanceof UniqueConstraintError) {
      return res.status(409).json({ error: 'already booked' });
    }
    return next(error);
  }
});

router.post('/:id/cancel', async (req, res, next) => {
  try {
    const count = await Booking.destroy({ where: { id: req.params.id } });
    return res.json({ cancelled: count === 1 });
  } catch (error) {
    return next(error);
  }
});

module.exports = router;
