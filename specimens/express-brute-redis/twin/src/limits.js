const client = require('redis').createClient(process.env.REDIS_URL);

const ALLOWED = 2;
const LIFETIME_S = 5 * 60;

// Two codes may be tried for an address, then it has to wait.
function codes(req, res, next) {
  const key = `sign-in:${String(req.body.mail || '').toLowerCase()}`;
  req.brute = { reset: (callback) => client.del(key, callback) };
  client.multi().incr(key).expire(key, LIFETIME_S, 'NX').exec((error, replies) => {
    if (error) return next(error);
    if (replies[0] <= ALLOWED) return next();
    res.set('Retry-After', String(LIFETIME_S));
    return res.status(429).json({ error: { text: 'Too many requests in this time frame.' } });
  });
}

module.exports = { codes };
