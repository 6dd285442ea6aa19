'use strict';
// Reports which application line sent each message, from inside a Node process of the system.
//
// Loaded with `node --require`. Where the application enters a driver the stack is captured and
// tied to the query, command or request; when its bytes are handed to a socket that leads to one
// of the lab's proxies, one line of JSON goes to the trace pipe first: client port, byte range in
// the client's stream, application frames. Nothing here may throw, wait for the event loop, or
// change what the program does; without a usable pipe it installs nothing.

const fs = require('node:fs');

const ports = new Set((process.env.REDHANDED_TRACE_PORTS || '').split(',').map(Number));
const { openTrace, isHeard } = require('./trace_pipe.cjs');
const trace = openTrace(ports);
fs.statSync('/'); // Node 20's realpath looks at the last stat: after a pipe's it follows no link.
if (trace !== null) install();

function install() {
  const Module = require('node:module');
  const net = require('node:net');
  const { mapped } = require('./source_maps.cjs');
  const { applicationFile, packageOf } = require('./files.cjs');

  const FRAMES_MAX = 24;
  const LINE_BYTES_MAX = 4000; // a pipe keeps writes up to 4,096 bytes of several processes apart
  const SCRIPTS_KEPT = 64;

  /** The stack that belongs to whatever is written now; set only around synchronous calls. */
  let current = null;
  /** A caller's stack for a driver call made on its behalf from a later turn (pool.query). */
  let inherited = null;
  /** The same where somebody else's call runs it: a pool's waiting query, by `release()`. */
  let forced = null;
  /** Encoded commands on their way to a socket: {data, length, stack}. */
  let encoded = [];
  let silent = false;

  const sockets = new WeakMap(); // socket → {port, at}, or null: leads elsewhere
  const stacks = new WeakMap(); // query, command, request → stack
  const direct = new WeakSet(); // stacks whose innermost frame runs now and does not await
  const printed = new WeakMap(); // stack → JSON
  let entered = null; // AsyncLocalStorage of the stack with which a library was entered
  const announced = new WeakMap(); // socket → stack of the request that undici is about to write

  const guard = (action) => {
    try {
      return action();
    } catch {
      return undefined;
    }
  };

  // ---------------------------------------------------------------- stacks

  /** While nobody listens, the program is to be as fast as it is by itself. */
  const heard = () => {
    const listening = isHeard(trace);
    if (!listening && entered !== null) entered.disable();
    return listening;
  };

  const capture = () => {
    if (!heard()) return [];
    const limit = Error.stackTraceLimit;
    const prepare = Error.prepareStackTrace;
    try {
      Error.stackTraceLimit = 100;
      Error.prepareStackTrace = applicationFrames;
      const holder = {};
      Error.captureStackTrace(holder, capture);
      const frames = holder.stack;
      return Array.isArray(frames) ? frames : [];
    } catch {
      return [];
    } finally {
      guard(() => {
        Error.stackTraceLimit = limit;
        Error.prepareStackTrace = prepare;
      });
    }
  };

  /** The application's frames of this call, or those of the call that it is made for: V8 loses
   * `return library.call()` once the library has waited for something. */
  const captureCall = () => {
    if (!heard()) return [];
    if (forced !== null) return forced;
    const frames = capture();
    if (direct.has(frames)) return frames;
    return inherited || (entered && entered.getStore()) || frames;
  };

  const applicationFrames = (_error, sites) => {
    const frames = [];
    let below = ''; // the library's frame before
    let together = null; // the package of what somebody waits for with other things at once
    for (const site of sites) {
      const raw = site.getFileName() || '';
      if (isCombinator(site)) together = packageOf(below);
      else if (applicationFile(raw) === '') {
        // A library that waits for calls of its own was itself called further up.
        if (together !== null && together !== '' && together === packageOf(raw)) together = null;
        below = raw;
      } else {
        // Whoever waits for several things at once has called them elsewhere.
        if (frames.length === 0 && together !== null && site.isAsync()) break;
        if (frames.length === 0 && !site.isAsync()) direct.add(frames);
        const place = [applicationFile(raw), site.getLineNumber(), site.getColumnNumber()];
        frames.push(original(...place, name(site)));
        if (frames.length === FRAMES_MAX) break;
      }
    }
    return frames;
  };

  const isCombinator = (site) =>
    guard(() => site.isPromiseAll() || typeof site.getPromiseIndex() === 'number') === true;

  const name = (site) => {
    const plain = site.getFunctionName();
    if (!plain) return null;
    const type = plain.includes('.') || site.isAsync() ? null : guard(() => site.getTypeName());
    return type && !['Object', 'global', 'Module', 'Function'].includes(type)
      ? `${type}.${plain}`
      : plain;
  };

  // ---------------------------------------------------------------- source maps

  const originals = new Map(); // file:line:column → position
  const original = (file, line, column, fn) => {
    const place = `${file}:${line}:${column}`;
    let found = originals.get(place);
    if (found === undefined) {
      found = guard(() => mapped(file, line, column)) || { file, line, column };
      if (originals.size > 10000) originals.clear();
      originals.set(place, found);
    }
    return { ...found, function: fn };
  };

  // ---------------------------------------------------------------- sockets

  const stream = (socket) => {
    const known = sockets.get(socket);
    if (known === null || (known && known.port === socket.localPort)) return known;
    const port = socket.localPort;
    if (port === undefined) return undefined;
    const remote = socket.remotePort;
    const state = ports.has(remote) ? { port, remote, secure: Boolean(socket.encrypted), at: 0 } : null;
    sockets.set(socket, state);
    return state;
  };

  const before = (socket, chunk, encoding) => {
    if (silent || chunk === null || chunk === undefined || typeof chunk === 'function') return;
    const length = sockets.get(socket) === null ? 0 : size(chunk, encoding);
    if (!length) return;
    if (chunk[0] === 22 && !socket.encrypted && !(socket.bytesWritten > 8)) {
      sockets.set(socket, null); // TLS over JavaScript streams: whoever runs writes others' bytes.
      return;
    }
    if (socket.connecting) {
      // Its ports are known when it is connected; this listener runs before the buffered write.
      const pieces = attribute(socket, chunk, length);
      socket.once('connect', () => guard(() => report(stream(socket), pieces)));
      return;
    }
    const state = stream(socket);
    if (state) report(state, attribute(socket, chunk, length));
  };

  const size = (chunk, encoding) => {
    if (typeof chunk !== 'string') return chunk.byteLength;
    return Buffer.byteLength(chunk, typeof encoding === 'string' ? encoding : 'utf8');
  };

  /** Pieces [length, stack] of what is written; null for a stack that nobody wants to know. */
  const attribute = (socket, chunk, length) => {
    if (!heard()) return [[length, null]];
    const commands = encoded.length ? takeEncoded(chunk, length) : null;
    if (commands) return commands.map((item) => [item.length, item.stack]);
    if (current !== null && current.length) return [[length, current]];
    const known = announced.get(socket);
    return [[length, known && known.length ? known : guard(captureCall) || []]];
  };

  const takeEncoded = (chunk, length) => {
    const at = encoded.findIndex((item) => item.data === chunk);
    if (at >= 0) {
      const taken = encoded[at];
      encoded.splice(0, at + 1);
      return [taken];
    }
    const all = encoded;
    encoded = [];
    return all.reduce((sum, item) => sum + item.length, 0) === length ? all : null;
  };

  const report = (state, pieces) => {
    if (!state) return;
    let text = '';
    for (const [length, stack] of pieces) {
      const { at } = state;
      state.at += length;
      if (stack === null || (stack.length === 0 && at > 0)) continue;
      const line = encode({ ...state, at, length }, stack);
      if (Buffer.byteLength(text) + Buffer.byteLength(line) > LINE_BYTES_MAX) {
        send(text);
        text = '';
      }
      text += line;
    }
    send(text);
  };

  /** Where it is `secure`, bytes are counted before they are encrypted. */
  const encode = ({ port, remote, secure, at, length }, stack) => {
    let frames = printed.get(stack);
    if (frames === undefined) {
      for (let kept = stack.length; ; kept >>= 1) {
        frames = JSON.stringify(stack.slice(0, kept));
        if (Buffer.byteLength(frames) < LINE_BYTES_MAX - 200 || kept === 0) break;
      }
      printed.set(stack, frames);
    }
    const place = `"port":${port},"remote":${remote},"secure":${secure},"at":${at}`;
    return `{${place},"length":${length},"stack":${frames}}\n`;
  };

  const send = (text) => {
    let data = Buffer.from(text);
    let patience = 2000;
    while (data.length > 0 && !silent) {
      try {
        data = data.subarray(fs.writeSync(trace, data));
      } catch (error) {
        if (error.code !== 'EAGAIN' || patience-- === 0) silent = true;
        else Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1);
      }
    }
  };

  // ---------------------------------------------------------------- patches

  /** Replaces a method by one that looks the same and calls `around(original, this, args)`. */
  const wrap = (owner, method, around) => {
    const inner = owner && owner[method];
    if (typeof inner !== 'function' || stacks.has(inner)) return;
    const outer = {
      [method](...args) {
        return around(inner, this, args);
      },
    }[method];
    Object.defineProperty(outer, 'name', { value: inner.name, configurable: true });
    Object.defineProperty(outer, 'length', { value: inner.length, configurable: true });
    Object.setPrototypeOf(outer, Object.getPrototypeOf(inner));
    for (const key of Reflect.ownKeys(inner)) {
      if (!(key in outer)) Object.defineProperty(outer, key, Object.getOwnPropertyDescriptor(inner, key));
    }
    stacks.set(outer, []);
    Object.defineProperty(owner, method, {
      value: outer,
      writable: true,
      configurable: true,
      enumerable: Object.prototype.propertyIsEnumerable.call(owner, method),
    });
  };

  const during = (stack, action) => {
    const outer = current;
    current = stack;
    try {
      return action();
    } finally {
      current = outer;
    }
  };

  const remember = (subject) => {
    if (subject === null || typeof subject !== 'object' || stacks.has(subject)) return;
    stacks.set(subject, captureCall());
  };

  for (const method of ['write', 'end']) {
    wrap(net.Socket.prototype, method, (inner, socket, args) => {
      guard(() => before(socket, args[0], args[1]));
      return inner.apply(socket, args);
    });
  }

  // What later arrives on a socket is not caused by the call during which it was opened.
  wrap(net.Socket.prototype, 'connect', (inner, socket, args) =>
    entered === null ? inner.apply(socket, args) : entered.exit(() => inner.apply(socket, args)),
  );

  const patchHttp = () => {
    const { ClientRequest } = require('node:http');
    wrap(ClientRequest.prototype, '_implicitHeader', (inner, request, args) => {
      guard(() => remember(request));
      return inner.apply(request, args);
    });
    for (const method of ['_writeRaw', '_flushOutput']) {
      wrap(ClientRequest.prototype, method, (inner, request, args) =>
        during(stacks.get(request) || null, () => inner.apply(request, args)),
      );
    }
  };

  const patchUndici = () => {
    const channels = require('node:diagnostics_channel');
    const on = (channel, action) =>
      channels.channel(channel).subscribe((message) => guard(() => action(message)));
    on('undici:request:create', ({ request }) => remember(request));
    on('undici:client:sendHeaders', ({ request, socket }) => {
      const known = stacks.get(request);
      if (known) announced.set(socket, known);
    });
    if (typeof globalThis.fetch !== 'function') return;
    wrap(globalThis, 'fetch', (inner, self, args) => {
      const outer = inherited;
      inherited = guard(capture) || null;
      try {
        return inner.apply(self, args);
      } finally {
        inherited = outer;
      }
    });
  };

  const patchPgClient = (Client) => {
    wrap(Client.prototype, 'query', (inner, client, args) => {
      const stack = guard(captureCall) || [];
      const result = during(stack, () => inner.apply(client, args));
      guard(() => {
        const waiting = (client._queryQueue || client.queryQueue || []).at(-1);
        if (waiting && !stacks.has(waiting)) stacks.set(waiting, stack);
      });
      return result;
    });
    wrap(Client.prototype, '_pulseQueryQueue', (inner, client, args) => {
      const next = (client._queryQueue || client.queryQueue || [])[0];
      return during((next && stacks.get(next)) || current, () => inner.apply(client, args));
    });
  };

  const patchPgQuery = (Query) => {
    wrap(Query.prototype, 'submit', (inner, query, args) =>
      during(stacks.get(query) || current, () => inner.apply(query, args)),
    );
  };

  const patchPgPool = (Pool) => {
    let querying = null;
    wrap(Pool.prototype, 'query', (inner, pool, args) => {
      const outer = querying;
      querying = guard(captureCall) || null;
      try {
        return inner.apply(pool, args);
      } finally {
        querying = outer;
      }
    });
    wrap(Pool.prototype, 'connect', (inner, pool, args) => {
      const stack = querying;
      const then = args[0];
      if (stack === null || typeof then !== 'function') return inner.apply(pool, args);
      querying = null;
      const resumed = function (...results) {
        const outer = forced;
        forced = stack;
        try {
          return then.apply(this, results);
        } finally {
          forced = outer;
        }
      };
      return inner.call(pool, resumed, ...args.slice(1));
    });
  };

  /** Carries the stack of a library call made by the application through all that it causes. */
  const patchEntries = (owner, methods) => {
    if (!owner) return;
    const { AsyncLocalStorage } = require('node:async_hooks');
    entered = entered || new AsyncLocalStorage();
    for (const method of methods.split(' ')) {
      if (!Object.prototype.hasOwnProperty.call(owner, method)) continue;
      wrap(owner, method, (inner, self, args) => {
        const stack = guard(captureCall) || [];
        if (stack.length === 0) return inner.apply(self, args);
        return entered.run(stack, () => inner.apply(self, args));
      });
    }
  };

  // A script that the server does not know is sent again from a later turn as a new command.
  const scripts = [];
  const rememberCommand = (command) => {
    if (!command || stacks.has(command)) return;
    let stack = captureCall();
    if (/^eval(sha)?$/i.test(command.name || '')) {
      const same = (other) =>
        other.args.length === command.args.length &&
        other.args.every((value, index) => index === 0 || value === command.args[index]);
      const first = scripts.find(same);
      if (stack.length) {
        scripts.push({ args: command.args, stack });
        if (scripts.length > SCRIPTS_KEPT) scripts.shift();
      } else if (first) stack = first.stack;
    }
    stacks.set(command, stack);
  };

  const patchIoredisClient = (Client) => {
    wrap(Client.prototype, 'sendCommand', (inner, client, args) => {
      guard(() => rememberCommand(args[0]));
      return inner.apply(client, args);
    });
  };

  const patchIoredisCommand = (Command) => {
    wrap(Command.prototype, 'toWritable', (inner, command, args) => {
      const data = inner.apply(command, args);
      guard(() => pushEncoded(data, stacks.get(command)));
      return data;
    });
  };

  const pushEncoded = (data, stack) => {
    if (encoded.length === 0) queueMicrotask(() => (encoded = []));
    encoded.push({ data, length: size(data), stack: stack || [] });
  };

  const patchRedisQueue = (Queue) => {
    wrap(Queue.prototype, 'addCommand', (inner, queue, args) => {
      guard(() => remember(args[0]));
      return inner.apply(queue, args);
    });
  };

  const patchRedisEncoder = (module, method) => {
    wrap(module, method, (inner, self, args) => {
      const pieces = inner.apply(self, args);
      guard(() => pieces.forEach((piece) => pushEncoded(piece, stacks.get(args[0]))));
      return pieces;
    });
  };

  const patchSequelize = (Sequelize) => {
    patchEntries(Sequelize.prototype, 'query transaction sync drop truncate authenticate');
    patchEntries(Sequelize.Transaction && Sequelize.Transaction.prototype, 'commit rollback');
    const { Model } = Sequelize;
    patchEntries(
      Model,
      'findAll findByPk findOne findAndCountAll aggregate count max min sum create bulkCreate ' +
        'findOrBuild findOrCreate findCreateFind upsert update destroy restore truncate ' +
        'increment decrement sync drop',
    );
    patchEntries(Model && Model.prototype, 'save reload update destroy restore increment decrement');
  };

  const patchKnexClient = (Client) => {
    for (const method of ['queryBuilder', 'schemaBuilder', 'raw']) {
      wrap(Client.prototype, method, (inner, client, args) => {
        const made = inner.apply(client, args);
        guard(() => remember(made));
        return made;
      });
    }
  };

  /** A query is sent when somebody waits for it, from a later turn: its line is that of its making. */
  const patchKnexBuilder = (Builder) => {
    const { AsyncLocalStorage } = require('node:async_hooks');
    entered = entered || new AsyncLocalStorage();
    wrap(Builder.prototype, 'then', (inner, builder, args) => {
      const stack = stacks.get(builder) || [];
      if (stack.length === 0) return inner.apply(builder, args);
      return entered.run(stack, () => inner.apply(builder, args));
    });
  };

  const QUEUE =
    'add addBulk pause resume empty clean obliterate drain retryJobs getJob getJobs count ' +
    'getJobCounts remove removeJobs close upsertJobScheduler removeRepeatable';
  const JOB =
    'progress updateProgress update updateData log retry remove discard moveToCompleted ' +
    'moveToFailed moveToDelayed changeDelay changePriority promote finished waitUntilFinished ' +
    'getState extendLock';

  const main = (exports) => (exports && exports.default) || exports;
  const patches = [
    [/[\\/]sequelize[\\/]lib[\\/]sequelize\.js$/, (exports) => patchSequelize(exports)],
    [/[\\/]bull[\\/]lib[\\/]queue\.js$/, (exports) => patchEntries(exports.prototype, QUEUE)],
    [/[\\/]bull[\\/]lib[\\/]job\.js$/, (exports) => patchEntries(exports.prototype, JOB)],
    [
      /[\\/]bullmq[\\/]dist[\\/](cjs|esm)[\\/]classes[\\/](queue|flow-producer)\.js$/,
      (exports) => patchEntries((exports.Queue || exports.FlowProducer).prototype, QUEUE),
    ],
    [
      /[\\/]bullmq[\\/]dist[\\/](cjs|esm)[\\/]classes[\\/]job\.js$/,
      (exports) => patchEntries(exports.Job.prototype, JOB),
    ],
    [/[\\/]knex[\\/]lib[\\/](client|dialects[\\/][^\\/]+[\\/]index)\.js$/, (exports) => patchKnexClient(exports)],
    [
      /[\\/]knex[\\/]lib[\\/](query[\\/]querybuilder|schema[\\/]builder|raw)\.js$/,
      (exports) => patchKnexBuilder(exports),
    ],
    [/[\\/]pg[\\/]lib[\\/]client\.js$/, (exports) => patchPgClient(exports)],
    [/[\\/]pg[\\/]lib[\\/]query\.js$/, (exports) => patchPgQuery(exports)],
    [/[\\/]pg-pool[\\/]index\.js$/, (exports) => patchPgPool(exports)],
    [
      /[\\/]ioredis[^\\/]*[\\/]built[\\/](Redis|redis|Pipeline|pipeline|cluster)([\\/]index)?\.js$/,
      (exports) => patchIoredisClient(main(exports)),
    ],
    [
      /[\\/]ioredis[^\\/]*[\\/]built[\\/](Command|command)\.js$/,
      (exports) => patchIoredisCommand(main(exports)),
    ],
    [
      /[\\/]dist[\\/]lib[\\/]client[\\/]commands-queue\.js$/,
      (exports) => patchRedisQueue(main(exports)),
    ],
    [
      /[\\/]dist[\\/]lib[\\/](client[\\/]RESP2|RESP)[\\/]encoder\.js$/,
      (exports) => patchRedisEncoder(exports, exports.default ? 'default' : 'encodeCommand'),
    ],
  ];

  wrap(Module.prototype, '_compile', (inner, module, args) => {
    const result = inner.apply(module, args);
    const filename = args[1];
    if (typeof filename === 'string' && filename.includes('node_modules')) {
      const patch = patches.find(([file]) => file.test(filename));
      if (patch) guard(() => patch[1](module.exports));
    }
    return result;
  });

  guard(patchHttp);
  guard(patchUndici);
}
