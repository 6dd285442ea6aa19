'use strict';

const counters = new Map();

function keyOf(name, labels) {
  const pairs = Object.entries(labels || {}).map(([label, value]) => `${label}="${value}"`);
  return pairs.length ? `${name}{${pairs.join(',')}}` : name;
}

function count(name, labels) {
  const key = keyOf(name, labels);
  counters.set(key, (counters.get(key) || 0) + 1);
}

/** The counters of this process in the Prometheus text format. */
function render() {
  return [...counters].map(([key, value]) => `${key} ${value}`).sort().join('\n').concat('\n');
}

module.exports = { count, render };
