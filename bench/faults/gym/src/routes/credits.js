'use strict';

const express = require('express');
const { Op, Transaction } = require('sequelize');
const { sequelize, Member, Instructor, Voucher } = require('../db');

const router = express.Router();

router.post('/spend', async (req, res, next) => {
  const { memberId, amount } = req.body;
  try {
    const [changed] = await Member.update(
      { credits: sequelize.literal(`credits - ${Number(amount)}`) },
      { where: { id: memberId, credits: { [Op.gte]: amount } } },
    );
    if (changed === 0) {
      return res.status(402).json({ error: 'not enough credits' });
    }
    return res.json({ spent: amount });
  } catch (error) {
    return next(error);
  }
});

router.post('/transfer', async (req, res, next) => {
  const { from, to, amount } = req.body;
  try {
    await sequelize.transaction(async (transaction) => {
      const ids = [from, to].sort((a, b) => a - b);
      const found = new Map();
      for (const id of ids) {
        found.set(id, await Member.findByPk(id, { transaction, lock: transaction.LOCK.UPDATE }));
      }
      if (found.get(from).credits < amount) {
        throw new Error('not enough credits');
      }
      await Member.decrement('credits', { by: amount, where: { id: from }, transaction });
      await Member.increment('credits', { by: amount, where: { id: to }, transaction });
    });
    return res.json({ moved: amount });
  } catch (error) {
    return next(error);
  }
});

router.post('/vouchers/:code', async (req, res, next) => {
  try {
    await sequelize.transaction(async (transaction) => {
      const [changed] = await Voucher.update(
        { usesLeft: sequelize.literal('uses_left - 1') },
        { where: { code: req.params.code, usesLeft: { [Op.gt]: 0 } }, transaction },
      );
      if (changed === 0) {
        throw new Error('used up');
      }
      await Member.increment('credits', { by: 10, where: { id: req.body.memberId }, transaction });
    });
    return res.json({ ok: true });
  } catch (error) {
    return next(error);
  }
});

async function leaveDuty(instructorId) {
  const options = { isolationLevel: Transaction.ISOLATION_LEVELS.SERIALIZABLE };
  for (let attempt = 0; attempt < 5; attempt += 1) {
    try {
      return await sequelize.transaction(options, async (transaction) => {
        const others = await Instructor.count({ where: { onDuty: true, id: { [Op.ne]: instructorId } }, transaction });
        if (others === 0) {
          return false;
        }
        await Instructor.update({ onDuty: false }, { where: { id: instructorId }, transaction });
        return true;
      });
    } catch (error) {
      if (error.original?.code !== '40001') {
        throw error;
      }
    }
  }
  throw new Error('too busy');
}

router.post('/instructors/:id/leave', async (req, res, next) => {
  try {
    return res.json({ left: await leaveDuty(Number(req.params.id)) });
  } catch (error) {
    return next(error);
  }
});

module.exports = router;
