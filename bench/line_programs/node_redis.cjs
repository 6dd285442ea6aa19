'use strict';
// node-redis 5: commands are pipelined by themselves; MULTI, scripts.
const { createClient } = require('redis5');
const { tag, rounds, version } = require('./tags.cjs');

const helper = (client) => client.get(tag('helper')); // line: helper

async function work(client) {
  await client.set(tag('set'), '1'); // line: set
  await Promise.all([
    client.get(tag('get')), // line: get
    client.incr(tag('incr')), // line: incr
    helper(client),
    client.hSet(tag('hset'), { a: '1' }), // line: hset
  ]);
  await client.multi().set(tag('multi'), '1').incr(tag('multi')).exec(); // line: multi
  await client.eval("return redis.call('GET', KEYS[1])", { keys: [tag('eval')] }); // line: eval
  await client.set(tag('large'), 'x'.repeat(100000)); // line: large
  await client.sendCommand(['SET', tag('sent'), '1']); // line: sent
}

async function main() {
  const client = await createClient({ url: process.env.REDIS_URL }).connect();
  await Promise.all(Array.from({ length: rounds }, () => work(client)));
  await client.close();
  version('redis5');
}

main();
