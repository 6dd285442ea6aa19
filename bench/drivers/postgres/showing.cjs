// One line of JSON per thing that a driver gave, so that two runs can be compared.
'use strict';

const crypto = require('node:crypto');

exports.URL = process.env.DATABASE_URL;
// Of the row that is longer than any buffer.
exports.LONG_BYTES = Number(process.env.LONG_BYTES || 2000000);

exports.show = (name, value) => {
  process.stdout.write(`${JSON.stringify([name, value])}\n`);
};

// What is too long to be shown.
exports.digest = (data) => {
  const hash = crypto.createHash('sha256').update(data).digest('hex').slice(0, 16);
  return `${Buffer.byteLength(data)} bytes, ${hash}`;
};

exports.failed = (error) => [error.name, error.code, error.message, error.constraint, error.detail];

exports.run = (main) => {
  main().catch((error) => {
    exports.show('the program failed', String(error.stack));
    process.exitCode = 1;
  });
};
