'use strict';

const crypto = require('crypto');
const redis = require('./redis');

const UNLOCK = [
  'if redis.call("get", KEYS[1]) == ARGV[1] then',
  '  return redis.call("del", KEYS[1])',
  'end',
  'return 0',
].join('\n');

/** Calls back with a function that unlocks, or with nothing if somebody else holds the lock. */
module.exports = function lock(name, seconds, callback) {
  const token = crypto.randomBytes(16).toString('hex');
  redis.set(name, token, 'EX', seconds, 'NX', function (error, answer) {
    if (error) return callback(error);
    if (answer !== 'OK') return callback(null, null);
    callback(null, function unlock(done) {
      redis.eval(UNLOCK, 1, name, token, done);
    });
  });
};
