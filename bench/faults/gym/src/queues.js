'use strict';

const Queue = require('bull');

const url = process.env.REDIS_URL;
const settlements = new Queue('settlements', url);
const mails = new Queue('mails', url);

module.exports = { settlements, mails };
