const ExpressBrute = require('express-brute');
const RedisStore = require('express-brute-redis');
const client = require('redis').createClient(process.env.REDIS_URL);

const FIVE_MINUTES_MS = 5 * 60 * 1000;

const attempts = new ExpressBrute(new RedisStore({ client, prefix: 'sign-in:' }), {
  freeRetries: 1,
  minWait: FIVE_MINUTES_MS,
  maxWait: 6 * FIVE_MINUTES_MS,
  lifetime: 3600,
});

// Two codes may be tried for an address, then it has to wait.
module.exports = {
  codes: attempts.getMiddleware({
    ignoreIP: true,
    key: (req, res, next) => next(String(req.body.mail || '').toLowerCase()),
  }),
};
