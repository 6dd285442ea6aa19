'use strict';

const Redis = require('ioredis');
const { redisUrl, logger } = require('./config');
const { exclusively } = require('./exclusive');
const { writeStatement } = require('./statements');

const asked = new Redis(redisUrl);
const redis = new Redis(redisUrl);

async function main() {
  logger.info('waiting');
  for (;;) {
    const [, meter] = await asked.blpop('statements:asked', 0);
    try {
      const number = await exclusively(redis, `meter:${meter}`, () => writeStatement(meter));
      logger.info({ meter, number }, 'statement written');
    } catch (err) {
      logger.error({ meter, err }, 'no statement');
    }
  }
}

main();
