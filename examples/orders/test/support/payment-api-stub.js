'use strict';

const http = require('http');

/** A payment provider on a free port of 127.0.0.1. Intents whose id contains `unknown` give 404. */
function startPaymentApi() {
  const server = http.createServer((req, res) => {
    req.resume();
    res.setHeader('content-type', 'application/json');
    if (req.method === 'POST' && req.url === '/v1/refunds') {
      return res.end(JSON.stringify({ id: 're_test', object: 'refund', status: 'pending' }));
    }
    const id = decodeURIComponent(req.url.split('/').pop());
    if (id.includes('unknown')) {
      res.statusCode = 404;
      return res.end(JSON.stringify({ error: { code: 'resource_missing' } }));
    }
    return res.end(JSON.stringify({
      id,
      object: 'payment_intent',
      status: 'succeeded',
      latest_charge: { id: `ch_${id}`, payment_method_details: { type: 'card' } },
    }));
  });
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => {
      resolve({
        url: `http://127.0.0.1:${server.address().port}`,
        stop: () => new Promise((done) => {
          server.close(done);
          server.closeAllConnections();
        }),
      });
    });
  });
}

module.exports = startPaymentApi;
