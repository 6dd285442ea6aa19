'use strict';

// Queues a job and answers: its name in a list and its text under a key, or all of it in the list.

const { randomUUID } = require('node:crypto');
const http = require('node:http');
const Redis = require('ioredis');

const redis = new Redis(process.env.QUEUE_URL);

async function queue(id) {
  if (process.env.WHOLE) {
    await redis.rpush('jobs', JSON.stringify({ id }));
    return;
  }
  await redis.multi().set(`job:${id}`, 'to be counted').zadd('jobs', Date.now(), id).exec();
}

http
  .createServer(async (request, response) => {
    if (request.url !== '/health') await queue(randomUUID());
    response.writeHead(202).end();
  })
  .listen(Number(process.env.PORT), '127.0.0.1');
