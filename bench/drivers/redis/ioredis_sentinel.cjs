// ioredis by way of a Sentinel: PORT of the Sentinel, name of the master.
const Redis = require("ioredis");
const redis = new Redis({
  sentinels: [{ host: "127.0.0.1", port: Number(process.argv[2]) }],
  name: process.argv[3],
  sentinelRetryStrategy: () => 50,
});
(async () => {
  console.log(await redis.set("by", "sentinel"), await redis.get("by"));
  const again = new Promise((done) => redis.once("ready", done));
  redis.stream.destroy();
  await again;
  console.log("again", await redis.get("by"), (await redis.role())[0]);
  await redis.quit();
})();
