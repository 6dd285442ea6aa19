'use strict';

const { createClient } = require('redis');
const { redisUrl, cacheSeconds, logger } = require('./config');

const client = createClient({ url: redisUrl });
client.on('error', (error) => logger.error(error, 'cache'));

async function remembered(key) {
  const text = await client.get(key);
  return text === null ? undefined : JSON.parse(text);
}

async function remember(key, value) {
  await client.set(key, JSON.stringify(value), { EX: cacheSeconds });
}

async function forget(key) {
  await client.del(key);
}

module.exports = { connect: () => client.connect(), remembered, remember, forget };
