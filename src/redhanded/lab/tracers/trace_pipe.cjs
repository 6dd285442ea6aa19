'use strict';
// The pipe on which a Node process reports its lines.

const fs = require('node:fs');

/** The trace pipe's descriptor, or null. A descriptor is used only if it is the lab's own pipe:
 * Node closes inherited ones in its children, so theirs is taken from an ancestor's. */
function openTrace(ports) {
  const number = Number(process.env.REDHANDED_TRACE_FD || 'none');
  const identity = process.env.REDHANDED_TRACE_PIPE;
  if (!Number.isInteger(number) || ports.size === 0) return null;
  const matches = (status) => status.isFIFO() && `${status.dev}:${status.ino}` === identity;
  try {
    if (matches(fs.fstatSync(number))) return number;
  } catch {} // Closed here.
  try {
    let ancestor = process.ppid;
    for (let depth = 0; depth < 8 && ancestor > 1; depth += 1) {
      const file = `/proc/${ancestor}/fd/${number}`;
      if (fs.existsSync(file) && matches(fs.statSync(file))) return fs.openSync(file, 'w');
      const status = fs.readFileSync(`/proc/${ancestor}/stat`, 'utf8');
      ancestor = Number(status.slice(status.lastIndexOf(')') + 2).split(' ')[1]);
    }
  } catch {
    // Not to be had.
  }
  return null;
}

const BIGINT = { bigint: true }; // Else realpath would find the pipe's status and follow no link.
const UNHEARD = 0o040n;
const { fstatSync } = fs;

/** Whether the lab listens: the mode of the pipe says so. */
function isHeard(trace) {
  try {
    return (fstatSync(trace, BIGINT).mode & UNHEARD) === 0n;
  } catch {
    return false;
  }
}

module.exports = { openTrace, isHeard };
