// Jobs of Bull and of BullMQ through one server: done, failed and retried, delayed, rated, repeated.
const Bull = require("bull");
const Redis = require("ioredis");
const { Queue, QueueEvents, Worker } = require("bullmq");
const port = Number(process.argv[2]);
const connection = { port, host: "127.0.0.1", maxRetriesPerRequest: null };
const show = (name, value) => console.log(name, JSON.stringify(value));

async function bull() {
  const queue = new Bull("mail", { redis: { port, host: "127.0.0.1" } });
  const ended = [];
  const all = new Promise((done) => {
    const take = (how) => (job, result) => ended.push([how, job.data.n, how === "failed" ? result.message : result]) === 13 && done();
    queue.on("completed", take("completed"));
    queue.on("failed", take("failed"));
  });
  queue.process(2, async (job) => {
    if (job.data.n === 3 && job.attemptsMade === 0) throw new Error("once");
    return job.data.n * 2;
  });
  for (let n = 0; n < 10; n++) await queue.add({ n }, { attempts: 2, jobId: `job-${n}` });
  await queue.add({ n: 10 }, { delay: 30 });
  await queue.addBulk([{ data: { n: 11 } }]);
  await all;
  show("bull", ended.map(String).sort());
  show("counts", await queue.getJobCounts());
  await queue.close();
}

async function bullmq() {
  const queue = new Queue("post", { connection });
  const events = new QueueEvents("post", { connection });
  await events.waitUntilReady();
  const worker = new Worker("post", async (job) => {
    if (job.data.n === 3 && job.attemptsMade === 0) throw new Error("once");
    await job.updateProgress(50);
    return job.data.n * 2;
  }, { connection, concurrency: 3 });
  const jobs = await queue.addBulk([...Array(10).keys()].map((n) => ({ name: "send", data: { n }, opts: { attempts: 2 } })));
  jobs.push(await queue.add("later", { n: 10 }, { delay: 30 }));
  show("bullmq", await Promise.all(jobs.map((job) => job.waitUntilFinished(events))));
  show("counts", await queue.getJobCounts("completed", "failed", "waiting", "delayed"));
  await worker.close();
  await events.close();
  await queue.close();
}

async function empty() {
  const redis = new Redis(connection);
  await redis.flushall();
  await redis.quit();
}

empty().then(bull).then(bullmq).then(() => process.exit(0));
