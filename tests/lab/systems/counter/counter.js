'use strict';

// Reads a counter and writes it back, all requests over one connection; below /guarded under a
// lock that ends by itself, with a question to somebody else in between.

const http = require('node:http');
const { setTimeout: delay } = require('node:timers/promises');
const Redis = require('ioredis');

const redis = new Redis(process.env.COUNTER_REDIS);

const server = http.createServer(async (request, response) => {
  if (request.url === '/health') {
    response.end('ok');
    return;
  }
  if (request.url.startsWith('/guarded/')) {
    response.end(await guarded(request.url.slice('/guarded/'.length)));
    return;
  }
  const key = `visits:${request.url.slice(1)}`;
  const seen = Number(await redis.get(key) || 0);
  await redis.set(key, String(seen + 1));
  const served = await redis.incr(`served:${request.url.slice(1)}`);
  const now = Number(await redis.get(key));
  if (now < served) console.log(`lost a visit: ${now} of ${served}`);
  response.end(String(now));
});

async function guarded(name) {
  while (!(await redis.set(`guard:${name}`, '1', 'PX', 800, 'NX'))) await delay(50);
  try {
    const seen = Number(await redis.get(`guests:${name}`) || 0);
    await fetch(`${process.env.DOORMAN_URL}/ask/${name}`);
    await redis.set(`guests:${name}`, String(seen + 1));
    return String(seen + 1);
  } finally {
    await redis.del(`guard:${name}`);
  }
}

server.listen(Number(process.env.PORT));
