'use strict';

// Looks for a job from time to time, as many libraries do, and counts it in two steps.

const Redis = require('ioredis');

const redis = new Redis(process.env.QUEUE_URL);

async function taken() {
  if (process.env.WHOLE) return redis.lpop('jobs');
  const [id] = await redis.zrangebyscore('jobs', '-inf', Date.now(), 'LIMIT', 0, 1);
  return id && (await redis.zrem('jobs', id)) === 1 ? redis.get(`job:${id}`) : null;
}

async function look() {
  if (await taken()) {
    const count = Number(await redis.get('count'));
    await redis.set('count', count + 1);
  }
  setTimeout(look, Number(process.env.POLL_MS));
}

redis.ping().then(() => {
  console.log('worker ready');
  look();
});
