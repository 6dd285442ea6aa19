'use strict';

// Reads a counter and writes it back, all requests over one connection.

const http = require('node:http');
const Redis = require('ioredis');

const redis = new Redis(process.env.COUNTER_REDIS);

const server = http.createServer(async (request, response) => {
  if (request.url === '/health') {
    response.end('ok');
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

server.listen(Number(process.env.PORT));
