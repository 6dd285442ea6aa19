// What node-redis does with one server; PORT and the version of RESP.
const { createClient, createClientPool, defineScript } = require("redis5");
const port = Number(process.argv[2]);
const RESP = Number(process.argv[3] || 2);
const show = (name, value) => console.log(name, JSON.stringify(value, (_key, each) => each instanceof Map ? [...each] : each));
const failed = (promise) => promise.then(() => "no error", (error) => (error.message || error.constructor.name).split(",")[0]);
const scripts = { add: defineScript && defineScript({
  NUMBER_OF_KEYS: 1,
  SCRIPT: "return redis.call('incrby', KEYS[1], ARGV[1])",
  parseCommand: (parser, key, by) => { parser.pushKey(key); parser.push(String(by)); },
  transformReply: undefined,
}) };
const connect = async (options) => {
  const client = createClient({ socket: { port, host: "127.0.0.1" }, RESP, unstableResp3: true, scripts, ...options });
  client.on("error", (error) => console.log("error", error.message));
  await client.connect();
  return client;
};

async function plain(client) {
  await client.flushAll();
  show("set", [await client.set("a", "1"), await client.get("a"), await client.get("none")]);
  show("long", (await client.set("long", "x".repeat(3e6))) && (await client.get("long")).length);
  show("error", await failed(client.lPush("a", "1")));
  show("hash", [await client.hSet("h", { x: 1, y: 2 }), await client.hGetAll("h")]);
  show("sorted", [await client.zAdd("z", [{ score: 1.5, value: "x" }, { score: 2, value: "y" }]), await client.zRangeWithScores("z", 0, -1)]);
  show("set members", [await client.sAdd("s", ["a", "b"]), (await client.sMembers("s")).sort()]);
  show("together", (await Promise.all([...Array(500).keys()].map((i) => client.incr("many")))).at(-1));
  show("script", [await client.add("n", 3), await client.add("n", 4)]);
}

async function transactions(client) {
  show("multi", await client.multi().set("t", "1").incr("t").get("t").exec());
  show("inner error", await client.multi().set("t", "x").incr("t").exec().then((all) => all, (e) => e.replies.map(String)));
  show("pipeline", await client.multi().set("t", "1").incr("t").execAsPipeline());
  const other = await connect();
  const watching = await connect();
  await watching.watch("t");
  await other.set("t", "changed");
  show("watch", await failed(watching.multi().set("t", "mine").exec()));
  await other.select(4);
  show("select", [await other.set("four", "4"), await other.keys("*"), await client.exists("four")]);
  await other.quit();
  await watching.quit();
}

async function listening(client) {
  const listener = await connect();
  const heard = [];
  let done;
  const all = new Promise((resolve) => { done = resolve; });
  const take = (message, channel) => heard.push(`${channel} ${message}`) === 3 && done();
  await listener.subscribe("a", take);
  await listener.pSubscribe("n*", take);
  const shards = !(await client.info("server")).includes("redis_version:6");
  await (shards ? listener.sSubscribe : listener.subscribe).call(listener, "shard", take);
  for (const [channel, text] of [["a", "1"], ["news", "2"], ["b", "3"]]) await client.publish(channel, text);
  await (shards ? client.sPublish : client.publish).call(client, "shard", "4");
  await all;
  show("heard", heard);
  if (RESP === 3) show("get while subscribed", await listener.get("a"));
  show("ping", await listener.ping());
  await listener.unsubscribe("a");
  await listener.pUnsubscribe("n*");
  await (shards ? listener.sUnsubscribe : listener.unsubscribe).call(listener, "shard");
  show("after", await listener.get("a"));
  await listener.quit();
}

async function waiting(client) {
  const consumer = await connect();
  show("nothing", [await consumer.blPop("q", 0.05), await consumer.bzPopMin("zz", 0.05)]);
  const got = consumer.blPop(["q", "q2"], 5);
  await client.rPush("q2", "job");
  show("served", await got);
  const coming = consumer.xRead({ key: "st", id: "$" }, { BLOCK: 5000 });
  while (!JSON.stringify(await client.sendCommand(["CLIENT", "LIST"])).includes("cmd=xread")) await client.ping();
  await client.xAdd("st", "1-1", { f: "v" });
  show("xread", await coming);
  await client.xGroupCreate("st", "g", "0");
  show("group", await consumer.xReadGroup("g", "me", { key: "st", id: ">" }, { COUNT: 5 }));
  show("none", await consumer.xReadGroup("g", "me", { key: "st", id: ">" }, { BLOCK: 20 }));
  show("iterated", await (async () => { const all = []; for await (const keys of client.scanIterator({ COUNT: 2 })) all.push(...[keys].flat()); return all.sort(); })());
  await consumer.quit();
}

async function caching(client) {
  if (RESP !== 3) return;
  const cached = await connect({ clientSideCache: { ttl: 0, maxEntries: 10 } });
  const values = [await cached.get("a"), await cached.get("a")];
  await client.set("a", "new");
  while ((await cached.get("a")) !== "new") await client.ping();
  show("cached", [...values, await cached.get("a")]);
  await cached.close();
}

(async () => {
  const client = await connect();
  for (const part of [plain, transactions, listening, waiting, caching]) await part(client);
  const pool = createClientPool({ socket: { port, host: "127.0.0.1" }, RESP }, { minimum: 1, maximum: 4 });
  await pool.connect();
  show("pool", await Promise.all([...Array(20).keys()].map((i) => pool.set(`pool:${i}`, i).then(() => pool.get(`pool:${i}`)))));
  await client.quit();
  process.exit(0); // Closing a pool of 5.8 throws from a timer.
})();
