// What ioredis does with one server, as lines that do not differ between two runs.
const Redis = require("ioredis");
const port = Number(process.argv[2]);
const show = (name, value) => console.log(name, JSON.stringify(value));
const failed = (promise) => promise.then(() => "no error", (error) => error.message.split(",")[0]);
const connect = (options) => new Redis({ port, host: "127.0.0.1", ...options });

async function plain() {
  const redis = connect();
  await redis.flushall();
  show("set", [await redis.set("a", "1"), await redis.get("a"), await redis.get("none")]);
  show("binary", (await redis.getBuffer(await redis.set("b", Buffer.from([0, 13, 10, 255])) && "b")).toString("hex"));
  show("long", (await redis.set("long", "x".repeat(3e6))) && (await redis.get("long")).length);
  show("error", await failed(redis.lpush("a", 1)));
  show("hash", [await redis.hset("h", { x: 1, y: 2 }), await redis.hgetall("h")]);
  show("call", await redis.call("ECHO", "hello"));
  const keys = [];
  for await (const found of redis.scanStream({ match: "*", count: 2 })) keys.push(...found);
  show("scan", keys.sort());
  await redis.quit();
}

async function pipelines() {
  const redis = connect();
  show("pipeline", await redis.pipeline().set("p", 1).incr("p").lpush("p", 1).get("p").exec().then((all) => all.map(([e, v]) => e ? e.message : v)));
  const many = redis.pipeline();
  for (let i = 0; i < 3000; i++) many.incr("many");
  show("many", (await many.exec()).at(-1));
  const auto = connect({ enableAutoPipelining: true });
  const values = await Promise.all([...Array(500).keys()].map((i) => auto.set(`auto:${i}`, i).then(() => auto.get(`auto:${i}`))));
  show("auto", values.map(Number).reduce((a, b) => a + b));
  const prefixed = connect({ keyPrefix: "pre:", db: 2 });
  show("prefix", [await prefixed.set("k", "v"), await prefixed.keys("*"), await redis.exists("pre:k")]);
  for (const client of [redis, auto, prefixed]) await client.quit();
}

async function transactions() {
  const redis = connect();
  const other = connect();
  show("multi", await redis.multi().set("t", 1).incr("t").exec());
  show("inner error", await redis.multi().set("t", "x").incr("t").exec().then((all) => all.map(([e, v]) => e ? e.message : v)));
  show("aborted", await failed(redis.multi().set("t").exec()));
  await redis.multi({ pipeline: false });
  show("queued", [await redis.set("t", 5), await redis.get("t"), await redis.exec()]);
  await redis.multi({ pipeline: false });
  show("discard", [await redis.set("t", 6), await redis.discard(), await redis.get("t")]);
  await redis.watch("t");
  await other.set("t", "changed");
  show("watch", await redis.multi().set("t", "mine").exec());
  await redis.watch("t");
  show("unchanged", await redis.multi().set("t", "mine").exec());
  show("select", await redis.multi().select(3).set("in3", 1).exec().then(() => redis.keys("*")));
  await redis.quit();
  await other.quit();
}

async function listening() {
  const listener = connect();
  const sender = connect();
  const heard = [];
  const all = new Promise((done) => {
    const take = (...words) => heard.push(words.join(" ")) === 4 && done();
    listener.on("message", take);
    listener.on("pmessage", take);
  });
  show("subscribe", [await listener.subscribe("a", "b"), await listener.psubscribe("n*")]);
  for (const [channel, text] of [["a", "1"], ["news", "2"], ["b", "3"], ["none", "4"], ["nine", "5"]]) await sender.publish(channel, text);
  await all;
  show("heard", heard.slice(0, 4));
  show("ping", await listener.ping());
  show("unsubscribe", [await listener.unsubscribe("a", "b"), await listener.punsubscribe("n*"), await listener.get("a")]);
  const monitor = await sender.monitor();
  const seen = new Promise((done) => monitor.on("monitor", (_at, words) => words[0] === "set" && done(words)));
  await listener.set("seen", "1");
  show("monitor", await seen);
  monitor.disconnect();
  await listener.quit();
  await sender.quit();
}

async function waiting() {
  const consumer = connect();
  const producer = connect();
  show("nothing", [await consumer.blpop("q", 0.05), await consumer.brpoplpush("q", "r", 0.05), await consumer.bzpopmin("z", 0.05)]);
  const got = consumer.blpop("q", "q2", 5);
  const after = consumer.get("a");
  await producer.rpush("q2", "job");
  show("served", [await got, await after]);
  const moved = consumer.blmove("q", "r", "LEFT", "RIGHT", 5);
  await producer.rpush("q", "x", "y");
  show("moved", [await moved, await producer.lrange("q", 0, -1)]);
  const least = consumer.bzpopmin("z", 5);
  await producer.zadd("z", 2, "two", 1, "one");
  show("least", await least);
  const popped = consumer.call("BLPOP", "two", "0");
  await producer.lpush("two", "2");
  show("for ever", await popped);
  show("wait", await producer.wait(0, 10));
  await consumer.quit();
  await producer.quit();
}

async function streams() {
  const reader = connect();
  const writer = connect();
  const coming = reader.xread("BLOCK", 5000, "STREAMS", "s", "$");
  while (!(await writer.client("LIST")).includes("cmd=xread")) await writer.ping();
  await writer.xadd("s", "1-1", "f", "v");
  show("xread", await coming);
  await writer.xgroup("CREATE", "s", "g", "0");
  show("group", await reader.xreadgroup("GROUP", "g", "me", "COUNT", 5, "STREAMS", "s", ">"));
  show("none", await reader.xreadgroup("GROUP", "g", "me", "BLOCK", 20, "STREAMS", "s", ">"));
  show("ack", [await reader.xack("s", "g", "1-1"), await reader.xlen("s"), await reader.xrange("s", "-", "+")]);
  await reader.quit();
  await writer.quit();
}

async function scripts() {
  const redis = connect();
  redis.defineCommand("twice", { numberOfKeys: 1, lua: "return {KEYS[1], ARGV[1] * 2, redis.call('incr', KEYS[1])}" });
  show("twice", [await redis.twice("n", 21), await redis.twice("n", 4)]);
  show("pipelined", await redis.pipeline().twice("n", 1).twice("n", 2).exec());
  show("eval", await redis.eval("return {1, {2, 'x'}, false}", 0));
  show("evalsha", await failed(redis.evalsha("f".repeat(40), 0)));
  show("script error", await failed(redis.eval("return redis.error_reply('MINE no')", 0)));
  await redis.quit();
}

(async () => {
  for (const part of [plain, pipelines, transactions, listening, waiting, streams, scripts]) await part();
})();
