'use strict';

const crypto = require('node:crypto');
const redis = require('./redis');

const RELEASE = `
if redis.call('GET', KEYS[1]) == ARGV[1] then
  return redis.call('DEL', KEYS[1])
end
return 0`;

async function withLock(name, ttlMs, work) {
  const token = crypto.randomUUID();
  const taken = await redis.set(`lock:${name}`, token, 'PX', ttlMs, 'NX');
  if (taken !== 'OK') {
    return undefined;
  }
  try {
    return await work();
  } finally {
    await redis.eval(RELEASE, 1, `lock:${name}`, token);
  }
}

module.exports = { withLock };
