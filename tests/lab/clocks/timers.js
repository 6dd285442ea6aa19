'use strict';
// Sets timers of every kind and says when each fires, and what the clocks say when asked.

const { promisify } = require('util');
const { Worker, isMainThread } = require('worker_threads');
const timers = require('timers');
const sleeping = require('timers/promises');

const say = (...words) => console.log(words.join(' '));

function setAll() {
  setTimeout(() => say('ten minutes'), 600_000);
  setTimeout(() => say('one minute'), 60_000);
  timers.setTimeout(() => say('by module'), 60_500);
  promisify(setTimeout)(61_000).then(() => say('promisified'));
  sleeping.setTimeout(62_000, 'value').then((value) => say('promised', value));
  sleeping.scheduler.wait(63_000).then(() => say('waited'));
  AbortSignal.timeout(64_000).addEventListener('abort', () => say('aborted'));
  import('node:timers/promises').then(async (module) => {
    await module.setTimeout(65_000);
    say('by import');
  });
  const cleared = setTimeout(() => say('never'), 1_000);
  clearTimeout(cleared);
}

async function steps() {
  for await (const _ of sleeping.setInterval(1_000)) say('step');
}

const asked = {
  timers: setAll,
  steps,
  interval: () => {
    let count = 0;
    const timer = setInterval(() => {
      say('interval', ++count);
      if (count === 3) clearInterval(timer);
    }, 20_000);
  },
  refresh: () => {
    const timer = setTimeout(() => say('refreshed'), 30_000);
    setTimeout(() => timer.refresh(), 20_000);
  },
  again: () => {
    let times = 0;
    const timer = setTimeout(() => {
      say('fired', ++times);
      if (times === 1) timer.refresh();
    }, 30_000);
  },
  worker: () => new Worker("setTimeout(() => console.log('worker'), 60000)", { eval: true }),
  block: () => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 3_000),
  clocks: () => {
    class Later extends Date {}
    const seconds = process.hrtime();
    say(
      JSON.stringify({
        now: Date.now(),
        date: Number(new Date()),
        text: Date.parse(Date()),
        subclass: Number(new Later()),
        temporal: globalThis.Temporal ? globalThis.Temporal.Now.instant().epochMilliseconds : null,
        performance: performance.now(),
        monotonic: Number(process.hrtime.bigint() / 1000000n),
        pair: seconds[0] * 1000 + Math.floor(seconds[1] / 1e6),
        since: process.hrtime(seconds)[0],
        same: new Date() instanceof Date && new Later() instanceof Later && new Date().constructor === Date,
        given: new Date(2020, 1, 2).getTime() === Reflect.construct(Date, [2020, 1, 2]).getTime(),
      }),
    );
  },
};

if (isMainThread) {
  let text = '';
  process.stdin.on('data', (data) => {
    const lines = (text + data).split('\n');
    text = lines.pop();
    for (const line of lines) asked[line]();
    say('done');
  });
  process.stdin.on('end', () => process.exit());
  say('ready');
}
