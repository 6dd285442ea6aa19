'use strict';

const logger = require('../config/logger');

const LIMIT_MS = 10000;

/** Runs the steps in order on SIGTERM or SIGINT, then exits. */
function onShutdown(steps) {
  let stopping = false;
  const stop = async (signal) => {
    if (stopping) return;
    stopping = true;
    logger.info({ signal }, 'shutting down');
    setTimeout(() => process.exit(1), LIMIT_MS).unref();
    for (const step of steps) {
      try {
        await step();
      } catch (err) {
        logger.error({ err }, 'shutdown step failed');
      }
    }
    process.exit(0);
  };
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
}

module.exports = { onShutdown };
