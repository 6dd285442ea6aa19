'use strict';
// Whose a file of a Node program is: the application's, or which package's.

const path = require('node:path');
const { fileURLToPath } = require('node:url');

const files = new Map(); // file name as V8 has it → path, '' for anything but the application
const applicationFile = (raw) => {
  let file = files.get(raw);
  if (file === undefined) {
    file = pathOf(raw);
    const foreign =
      !path.isAbsolute(file) ||
      path.dirname(file) === __dirname ||
      /[\\/](node_modules|\.yarn[\\/](cache|unplugged))[\\/]|[\\/]\.pnp\.c?js$/.test(file);
    if (foreign) file = '';
    files.set(raw, file);
  }
  return file;
};

const pathOf = (raw) => {
  if (!raw.startsWith('file:')) return raw;
  try {
    return fileURLToPath(raw) || '';
  } catch {
    return '';
  }
};

/** The folder of the innermost package that a file lies in; '' for what lies in none. */
const packageOf = (raw) => {
  const found = /^.*[\\/]node_modules[\\/](?:@[^\\/]+[\\/])?[^\\/]+/.exec(raw);
  return found ? found[0] : '';
};

module.exports = { applicationFile, packageOf };
