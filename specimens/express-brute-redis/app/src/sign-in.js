const crypto = require('crypto');
const database = require('./database');

function same(one, other) {
  const [left, right] = [one, other].map((code) => crypto.createHash('sha256').update(code).digest());
  return crypto.timingSafeEqual(left, right);
}

// An address that nobody has is refused and kept like one whose code is wrong.
async function confirm({ mail, code, device }) {
  const { rows } = await database.query('SELECT id, code FROM accounts WHERE mail = $1', [mail]);
  const account = rows[0];
  const accepted = Boolean(account && account.code && same(String(code), account.code));
  await database.query('INSERT INTO attempts (mail, device, accepted) VALUES ($1, $2, $3)', [
    mail, device, accepted,
  ]);
  if (accepted) await database.query('UPDATE accounts SET code = NULL WHERE id = $1', [account.id]);
  return { account: account && account.id, accepted };
}

module.exports = { confirm };
