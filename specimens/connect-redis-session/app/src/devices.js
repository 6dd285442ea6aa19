const signature = require('cookie-signature');
const { Session, store } = require('./sessions');

const SECRET = process.env.SESSION_SECRET;
const NAME = 'connect.sid';

// The apps keep no cookies: the identifier of a device stands for its session.
function identify(req, res, next) {
  const device = req.get('X-Device');
  if (!/^[\w-]{8,}$/.test(device || '')) return res.status(400).json({ error: 'X-Device is needed' });
  req.headers.cookie = `${NAME}=${encodeURIComponent(`s:${signature.sign(device, SECRET)}`)}`;
  return next();
}

module.exports = [
  identify,
  Session({
    store,
    name: NAME,
    secret: SECRET,
    resave: false,
    saveUninitialized: false,
    genid: (req) => req.get('X-Device'),
  }),
];
