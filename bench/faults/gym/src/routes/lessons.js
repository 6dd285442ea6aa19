'use strict';

const express = require('express');
const { Lesson } = require('../db');
const redis = require('../redis');

const router = express.Router();

router.get('/:id', async (req, res, next) => {
  const { id } = req.params;
  try {
    const version = await redis.get(`lesson:${id}:version`);
    const key = `lesson:${id}:at:${version ?? 0}`;
    const kept = await redis.get(key);
    if (kept) {
      return res.json(JSON.parse(kept));
    }
    const lesson = await Lesson.findByPk(id);
    await redis.set(key, JSON.stringify(lesson), 'EX', 600);
    return res.json(lesson);
  } catch (error) {
    return next(error);
  }
});

router.put('/:id', async (req, res, next) => {
  const { id } = req.params;
  try {
    await Lesson.update({ title: req.body.title }, { where: { id } });
    await redis.incr(`lesson:${id}:version`);
    return res.status(204).end();
  } catch (error) {
    return next(error);
  }
});

module.exports = router;
