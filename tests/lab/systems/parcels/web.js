'use strict';

// Inserts a job into the queue of graphile-worker, and answers.

const http = require('node:http');
const { makeWorkerUtils } = require('graphile-worker');

makeWorkerUtils({ connectionString: process.env.PARCELS_DB }).then(async (utils) => {
  await utils.migrate();
  http
    .createServer(async (request, response) => {
      if (request.url !== '/health') await utils.addJob('count', { path: request.url });
      response.writeHead(202).end();
    })
    .listen(Number(process.env.PORT), '127.0.0.1');
});
