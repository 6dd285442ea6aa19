const session = require('express-session');
const RedisStore = require('connect-redis')(session);
const client = require('redis').createClient(process.env.REDIS_URL);

const store = new RedisStore({ client, ttl: 3600 });

module.exports = { store, Session: session };
