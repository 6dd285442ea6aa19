'use strict';

// Inserts a job into the queue of graphile-worker or pg-boss, and answers.

const http = require('node:http');

const database = process.env.PARCELS_DB;

async function graphileWorker() {
  const { makeWorkerUtils } = require('graphile-worker');
  const utils = await makeWorkerUtils({ connectionString: database });
  await utils.migrate();
  return (path) => utils.addJob('count', { path });
}

async function pgBoss() {
  const Boss = require('pg-boss');
  const boss = new Boss({ connectionString: database, supervise: false, schedule: false });
  await boss.start();
  await boss.createQueue('count');
  return (path) => boss.send('count', { path });
}

(process.env.LIBRARY === 'pg-boss' ? pgBoss() : graphileWorker()).then((queue) => {
  http
    .createServer(async (request, response) => {
      if (request.url !== '/health') await queue(request.url);
      response.writeHead(202).end();
    })
    .listen(Number(process.env.PORT), '127.0.0.1');
});
