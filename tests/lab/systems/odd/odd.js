'use strict';

const http = require('http');

const behaviours = {
  '/outside': (done) => {
    http.get('http://198.51.100.7/rates').on('error', () => {
      http.get('http://api.example.test/rates').on('error', () => done(204));
    });
  },
  '/never': () => {},
  '/busy': (done) => {
    const spin = () => setImmediate(spin);
    spin();
    done(204);
  },
  '/exit': () => {
    console.error('the licence has expired');
    process.exit(7);
  },
  '/health': (done) => done(204),
};

if (process.env.AT_START === 'exit') behaviours['/exit']();

http
  .createServer((request, response) => {
    behaviours[request.url]((status) => response.writeHead(status).end());
  })
  .listen(Number(process.env.PORT), '127.0.0.1');
