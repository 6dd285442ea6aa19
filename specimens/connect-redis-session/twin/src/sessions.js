const session = require('express-session');
const RedisStore = require('connect-redis')(session);
const client = require('redis').createClient(process.env.REDIS_URL);

const TTL_S = 3600;
const PREFIX = 'sess:';

// What another request has saved meanwhile stays: the server merges, in one step.
const MERGE = `
  local saved = redis.call('GET', KEYS[1])
  local merged = saved and cjson.decode(saved) or {}
  for name, value in pairs(cjson.decode(ARGV[1])) do merged[name] = value end
  return redis.call('SET', KEYS[1], cjson.encode(merged), 'EX', ARGV[2])
`;

class MergingStore extends RedisStore {
  set(id, data, callback) {
    client.eval(MERGE, 1, PREFIX + id, JSON.stringify(data), TTL_S, callback);
  }
}

module.exports = { store: new MergingStore({ client, prefix: PREFIX, ttl: TTL_S }), Session: session };
