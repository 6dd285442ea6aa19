'use strict';
// ioredis: commands, pipelines, MULTI, scripts, offline queue, with or without auto-pipelining.
const Redis = require('ioredis');
const { tag, rounds, version } = require('./tags.cjs');
const client = new Redis(process.env.REDIS_URL, { enableAutoPipelining: process.argv[3] === 'auto' });
client.defineCommand('bump', { numberOfKeys: 1, lua: "return redis.call('INCR', KEYS[1])" });

const helper = () => client.get(tag('helper')); // line: helper

async function work() {
  await client.set(tag('set'), '1'); // line: set
  await Promise.all([
    client.get(tag('get')), // line: get
    client.incr(tag('incr')), // line: incr
    helper(),
    client.bump(tag('bump')), // line: bump
  ]);
  const pipeline = client.pipeline();
  pipeline.set(tag('piped_set'), 'é'); // line: piped_set
  pipeline.get(tag('piped_get')); // line: piped_get
  await pipeline.exec();
  await client.multi().set(tag('multi'), '1').exec(); // line: multi
  await client.set(tag('large'), 'x'.repeat(100000)); // line: large
  await new Promise((resolve) => {
    client.lpush(tag('callback'), 'a', resolve); // line: callback
  });
}

async function main() {
  await Promise.all(Array.from({ length: rounds }, work));
  client.disconnect();
  version('ioredis');
}

main();
