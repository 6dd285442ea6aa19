'use strict';

function log(message) {
  process.stdout.write(`${new Date().toISOString()} ${process.env.ROLE || 'app'} ${message}\n`);
}

module.exports = { log };
