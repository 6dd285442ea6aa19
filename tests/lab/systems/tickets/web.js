'use strict';

const http = require('http');
const queue = require('./queue');
const store = require('./store');

async function claim(holder) {
  const ticket = await store.find(holder);
  if (ticket) return 200;
  await queue.add(holder);
  return 202;
}

async function answer(path, body) {
  if (path === '/claims') return claim(body.holder);
  if (path === '/views') await store.viewed(body.page);
  if (path === '/locked-views') await store.viewedUnderLock(body.page);
  return 204;
}

const server = http.createServer(async (request, response) => {
  let text = '';
  for await (const chunk of request) text += chunk;
  try {
    response.writeHead(await answer(request.url, text ? JSON.parse(text) : {})).end();
  } catch (error) {
    console.error(`request failed: ${error.message}`);
    response.writeHead(500).end();
  }
});

server.listen(Number(process.env.PORT), '127.0.0.1');
