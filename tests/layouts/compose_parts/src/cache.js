const { createClient } = require('redis');
const { redis } = require('./config');

const client = createClient({ socket: { host: redis.host, port: redis.port } });
client.on('error', (error) => console.error('cache:', error.message));

const key = (card) => `balance:${card}`;

module.exports = {
  connect: () => client.connect(),
  read: (card) => client.get(key(card)),
  write: (card, cents) => client.set(key(card), String(cents), { EX: 60 }),
  forget: (card) => client.del(key(card)),
};
