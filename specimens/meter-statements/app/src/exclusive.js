'use strict';

const crypto = require('crypto');
const { setTimeout: sleep } = require('timers/promises');

const HELD_MS = 300;
const RETRY_MS = 20;
const RETRIES = 100;

const RELEASE = `
if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end
return 0`;

/** Runs `work` for one key at a time, in whichever process. */
async function exclusively(redis, key, work) {
  const token = crypto.randomUUID();
  for (let attempt = 0; attempt < RETRIES; attempt += 1) {
    if (await redis.set(key, token, 'PX', HELD_MS, 'NX')) {
      try {
        return await work();
      } finally {
        await redis.eval(RELEASE, 1, key, token);
      }
    }
    await sleep(RETRY_MS);
  }
  throw new Error(`${key} was busy for too long`);
}

module.exports = { exclusively };
