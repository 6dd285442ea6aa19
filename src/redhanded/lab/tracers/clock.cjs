'use strict';
// Keeps a Node process, and each of its workers, on the clock of the lab: real time and one offset.
//
// Loaded with `node --require`. The lab tells a new offset by a unix socket; then every pending timer
// is due so much earlier, what is due fires in due order, and the answer says that this was done and
// when the next timer is due. Timers stay Node's own: only when they fire changes. Those that Node
// itself sets (time-outs of sockets, of kept connections) stay with real time.

const fs = require('node:fs');

const folder = process.env.REDHANDED_CLOCK;
if (folder && fs.existsSync(`${folder}/offset`)) {
  fs.statSync('/'); // Node 20's realpath looks at the last stat: after others' it follows no link.
  install();
}

function install() {
  const net = require('node:net');
  const timers = require('node:timers');
  const promises = require('node:timers/promises');
  const { promisify } = require('node:util');
  const { createHook } = require('node:async_hooks');
  const { performance } = require('node:perf_hooks');

  const NANOSECONDS = 1000000000n;
  const KEPT_MIN = 256;

  let offsetNs = 0n;
  let offsetMs = 0;

  // ---------------------------------------------------------------- what the clocks say

  const RealDate = Date;
  const realNow = RealDate.now;
  const now = () => realNow() + Math.floor(offsetMs);

  const patchDate = () => {
    Object.defineProperty(now, 'name', { value: 'now' });
    RealDate.now = now;
    const LabDate = new Proxy(RealDate, {
      construct: (target, args, made) =>
        Reflect.construct(target, args.length === 0 ? [now()] : args, made === LabDate ? target : made),
      apply: () => new RealDate(now()).toString(),
    });
    RealDate.prototype.constructor = LabDate;
    globalThis.Date = LabDate;
  };

  const patchPerformance = () => {
    const owner = Object.getPrototypeOf(performance);
    const inner = owner.now;
    const outer = {
      now() {
        return inner.call(this) + offsetMs;
      },
    };
    owner.now = outer.now;
  };

  const patchProcess = () => {
    const { hrtime, uptime } = process;
    const { bigint } = hrtime;
    const labBigint = () => bigint() + offsetNs;
    const labHrtime = (earlier) => {
      if (earlier !== undefined) hrtime(earlier); // Complains about what is no such pair.
      const since = earlier === undefined ? 0n : BigInt(earlier[0]) * NANOSECONDS + BigInt(earlier[1]);
      const passed = labBigint() - since;
      const seconds = passed / NANOSECONDS;
      return [Number(seconds), Number(passed - seconds * NANOSECONDS)];
    };
    process.hrtime = Object.assign(named(labHrtime, 'hrtime'), { bigint: named(labBigint, 'bigint') });
    process.uptime = named(() => uptime() + offsetMs / 1000, 'uptime');
  };

  const patchTemporal = () => {
    const { Instant, Now } = globalThis.Temporal;
    const instant = () => Instant.fromEpochMilliseconds(now());
    const at = (zone) => instant().toZonedDateTimeISO(zone === undefined ? Now.timeZoneId() : zone);
    const change = (name, lab) => Object.defineProperty(Now, name, { value: named(lab, name) });
    change('instant', instant);
    change('zonedDateTimeISO', at);
    change('plainDateTimeISO', (zone) => at(zone).toPlainDateTime());
    change('plainDateISO', (zone) => at(zone).toPlainDate());
    change('plainTimeISO', (zone) => at(zone).toPlainTime());
  };

  const named = (lab, name) => Object.defineProperty(lab, 'name', { value: name });

  // ---------------------------------------------------------------- timers

  let known = []; // weak references to timers, in the order in which they were set
  let sweepAt = KEPT_MIN;
  const whole = new WeakMap(); // timer that was moved → the delay that it was set with
  const realSetTimeout = timers.setTimeout;
  const realClearTimeout = timers.clearTimeout;
  let refresh = null;

  const listed = new WeakMap(); // timer of the program → whether it is in `known`

  const track = (timer) => {
    if (listed.get(timer)) return;
    listed.set(timer, true);
    known.push(new WeakRef(timer));
    if (known.length >= sweepAt) pending();
  };

  /** Timers that will fire, in the order in which they were set; the others are forgotten. */
  const pending = () => {
    const found = [];
    known = known.filter((reference) => {
      const timer = reference.deref();
      if (timer === undefined) return false;
      if (timer._destroyed) {
        listed.set(timer, false);
        return false;
      }
      if (timer._idleNext && timer._idleTimeout >= 0) found.push(timer);
      return true;
    });
    sweepAt = Math.max(KEPT_MIN, known.length * 2);
    return found;
  };

  /** The time of the event loop, by which Node's timers count. */
  const loopNow = () => {
    const probe = realSetTimeout(() => {}, 1 << 30);
    realClearTimeout(probe);
    return probe._idleStart;
  };

  const left = (timer, loop) => timer._idleStart + timer._idleTimeout - loop;

  const move = (byMs) => {
    const loop = loopNow();
    const waiting = pending().map((timer) => [left(timer, loop), timer]);
    waiting.sort(([one], [other]) => one - other);
    for (const [leftMs, timer] of waiting) {
      if (!whole.has(timer)) whole.set(timer, timer._idleTimeout);
      timer._idleTimeout = Math.max(1, Math.ceil(leftMs - byMs));
      refresh.call(timer);
    }
  };

  const nextDueMs = () => {
    const loop = loopNow();
    return pending().reduce((soonest, timer) => Math.min(soonest, left(timer, loop)), Infinity);
  };

  /** A function whose timer is kept in mind; all else about it stays. */
  const tracked = (inner, custom) =>
    new Proxy(inner, {
      apply: (target, self, args) => {
        const timer = Reflect.apply(target, self, args);
        track(timer);
        return timer;
      },
      get: (target, key) => (key === promisify.custom && custom ? custom : target[key]),
    });

  const hook = createHook({
    init: (_id, type, _trigger, resource) => type === 'Timeout' && track(resource),
  });

  /** A function that sets timers within Node: those that it sets while it is called are found. */
  const searched = (inner) =>
    new Proxy(inner, {
      apply: (target, self, args) => {
        hook.enable();
        try {
          return Reflect.apply(target, self, args);
        } finally {
          hook.disable();
        }
      },
    });

  const patchTimers = () => {
    const owner = Object.getPrototypeOf(realSetTimeout(() => {}, 0).unref());
    refresh = owner.refresh;
    const outer = {
      refresh() {
        // After it was moved it shall wait as long as it was told at first.
        if (whole.has(this)) this._idleTimeout = whole.get(this);
        whole.delete(this);
        if (listed.has(this)) track(this); // It may have fired and been forgotten.
        return refresh.call(this);
      },
    };
    owner.refresh = outer.refresh;
    promises.setTimeout = searched(promises.setTimeout);
    const { setInterval } = promises;
    promises.setInterval = named((...args) => searchedSteps(setInterval(...args)), 'setInterval');
    const scheduler = Object.getPrototypeOf(promises.scheduler);
    scheduler.wait = searched(scheduler.wait);
    timers.setTimeout = globalThis.setTimeout = tracked(realSetTimeout, promises.setTimeout);
    timers.setInterval = globalThis.setInterval = tracked(timers.setInterval);
    AbortSignal.timeout = searched(AbortSignal.timeout);
  };

  const searchedSteps = (steps) => {
    steps.next = searched(steps.next);
    return steps;
  };

  /** Whether this Node keeps its timers as those do that were looked at. */
  const movable = () => {
    const probe = realSetTimeout(() => {}, 1 << 20);
    const start = probe._idleStart;
    const usual = Number.isFinite(start) && probe._idleTimeout === 1 << 20 && probe._idleNext;
    realClearTimeout(probe);
    return Boolean(usual) && probe._destroyed === true && typeof probe.refresh === 'function';
  };

  // ---------------------------------------------------------------- the lab

  const take = (ns) => {
    if (ns <= offsetNs) return;
    const byMs = Number(ns - offsetNs) / 1e6;
    offsetNs = ns;
    offsetMs = Number(ns) / 1e6;
    if (refresh !== null) move(byMs);
  };

  const answer = () => {
    const dueMs = refresh === null ? Infinity : nextDueMs();
    return `${offsetNs} ${dueMs === Infinity ? '-' : dueMs} ${refresh === null ? `Node-${process.version}` : ''}\n`;
  };

  const connect = () => {
    // A path of any length: the socket's own may be longer than the kernel lets an address be.
    const directory = fs.openSync(folder, 'r');
    const socket = net.connect(`/proc/self/fd/${directory}/socket`);
    let text = '';
    socket.setEncoding('utf8');
    socket.on('connect', () => fs.closeSync(directory));
    socket.on('error', () => {}); // The lab is gone: the clock stays as it is.
    socket.on('data', (more) => {
      const lines = (text + more).split('\n');
      text = lines.pop();
      if (lines.length === 0) return;
      take(BigInt(lines[lines.length - 1]));
      socket.write(answer());
    });
    socket.write(`Node ${process.pid}\n`);
    socket.unref();
  };

  connect();
  take(fs.readFileSync(`${folder}/offset`).readBigInt64LE());
  patchDate();
  patchPerformance();
  patchProcess();
  if (globalThis.Temporal) patchTemporal();
  if (movable()) patchTimers();
  require('node:module').syncBuiltinESMExports();
}
