'use strict';

const { createClient } = require('redis');
const { redisUrl, cacheSeconds, logger } = require('./config');

const client = createClient({ url: redisUrl });
client.on('error', (error) => logger.error(error, 'cache'));

const STORE = `
if (redis.call('GET', KEYS[2]) or '0') ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[2], 'EX', ARGV[3])
return 1`;

const versionOf = (key) => `${key}:version`;

/** The value, if there is one, and the version that `remember` wants to be given. */
async function remembered(key) {
  const [text, version] = await client.mGet([key, versionOf(key)]);
  return { value: text === null ? undefined : JSON.parse(text), version: version || '0' };
}

/** Keeps a value unless the key was forgotten since that version was read. */
async function remember(key, value, version) {
  await client.eval(STORE, {
    keys: [key, versionOf(key)],
    arguments: [version, JSON.stringify(value), String(cacheSeconds)],
  });
}

async function forget(key) {
  await client.multi().incr(versionOf(key)).del(key).exec();
}

module.exports = { connect: () => client.connect(), remembered, remember, forget };
