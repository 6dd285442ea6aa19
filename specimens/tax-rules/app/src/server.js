'use strict';

const http = require('http');
const knex = require('./database');
const { release } = require('./release');

const port = Number(process.env.PORT || 3000);

function log(message, fields = {}) {
  console.log(JSON.stringify({ time: new Date().toISOString(), port, message, ...fields }));
}

async function handle(method, url) {
  const [, country] = url.match(/^\/rules\/([A-Z]{2})$/) || [];
  if (method === 'GET' && country) {
    return [200, await knex('rules').where({ country }).select('goods', 'percent')];
  }
  if (method === 'POST' && url === '/internal/release') {
    const { batch, done } = await release();
    log('released', { batch, migrations: done.length });
    return [200, { batch, done }];
  }
  return [404, { error: 'not found' }];
}

const server = http.createServer(async (req, res) => {
  let status;
  let body;
  try {
    [status, body] = await handle(req.method, req.url);
  } catch (error) {
    log('request failed', { url: req.url, error: error.message, stack: error.stack });
    [status, body] = [500, { error: error.message }];
  }
  res.writeHead(status, { 'content-type': 'application/json' });
  res.end(JSON.stringify(body));
});

server.listen(port, '127.0.0.1', () => log('serving'));
