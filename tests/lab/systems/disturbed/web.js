'use strict';

const http = require('http');
const flows = require('./flows');

const server = http.createServer(async (request, response) => {
  let text = '';
  for await (const chunk of request) text += chunk;
  const { pathname, searchParams } = new URL(request.url, 'http://disturbed');
  if (pathname === '/health') return response.writeHead(204).end();
  try {
    const flow = flows[pathname.slice(1)];
    const status = await flow(Object.fromEntries(searchParams), text ? JSON.parse(text) : {}, request);
    response.writeHead(status || 200).end();
  } catch (error) {
    console.log(`${pathname} failed: ${error.code || ''} ${error.message}`);
    response.writeHead(500).end();
  }
});

server.listen(Number(process.env.PORT), '127.0.0.1');
