'use strict';
// Where a line of generated JavaScript stands in its source (TypeScript, bundles), by source maps
// inside the file or beside it. Works without `--enable-source-maps`.

const fs = require('node:fs');
const Module = require('node:module');
const path = require('node:path');
const { fileURLToPath } = require('node:url');

const maps = new Map(); // file → SourceMap or null

const mapped = (file, line, column) => {
  if (!maps.has(file)) maps.set(file, readable(file));
  const map = maps.get(file);
  const entry = map ? map.findEntry(line - 1, column - 1) : {};
  if (!entry.originalSource) return null;
  const source = entry.originalSource.startsWith('file:')
    ? fileURLToPath(entry.originalSource)
    : path.resolve(path.dirname(file), entry.originalSource);
  return { file: source, line: entry.originalLine + 1, column: entry.originalColumn + 1 };
};

const findMap = (file) => {
  const known = Module.findSourceMap && Module.findSourceMap(file);
  if (known) return known;
  const text = fs.readFileSync(file, 'utf8');
  const named = /[#@] sourceMappingURL=(\S+)\s*$/.exec(text.slice(text.lastIndexOf('//#')));
  if (!named || !Module.SourceMap) return null;
  const inline = /^data:[^,]*;base64,(.*)$/.exec(named[1]);
  const payload = inline
    ? Buffer.from(inline[1], 'base64').toString()
    : fs.readFileSync(path.resolve(path.dirname(file), decodeURI(named[1])), 'utf8');
  const parsed = JSON.parse(payload);
  if (parsed.sourceRoot && !inline) {
    parsed.sources = parsed.sources.map((source) => path.join(parsed.sourceRoot, source));
  }
  return new Module.SourceMap(parsed);
};

const readable = (file) => {
  try {
    return findMap(file) || null;
  } catch {
    return null;
  }
};

module.exports = { mapped };
