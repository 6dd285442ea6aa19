'use strict';

const Queue = require('bee-queue');

function open(name, isWorker) {
  return new Queue(name, {
    redis: { url: process.env.REDIS_URL },
    isWorker: isWorker,
    removeOnSuccess: false,
    stallInterval: 30000,
  });
}

exports.mails = (isWorker) => open('mails', isWorker);
exports.donations = (isWorker) => open('donations', isWorker);
