"""Producer to consumer by name, and locks, in whole programs."""

from __future__ import annotations

from pathlib import Path as File

import pytest
from written_programs import charted, events, kinds, path_of

from redhanded.source.flow.values import Known

PACKAGE = '{"dependencies": {"pg": "8", "express": "4"}}'
DATABASE = """
    import { Pool } from 'pg';
    export const pool = new Pool();
    export const note = (id) => pool.query('INSERT INTO notes (seat) VALUES ($1)', [id]);
"""


@pytest.mark.parametrize(
    ("put", "take", "options"),
    [
        (
            "import Queue from 'bull'; const q = new Queue('mails');"
            "export const put = (id) => q.add('sent', { id }, { jobId: id, attempts: 3 });",
            "import Queue from 'bull'; const q = new Queue('mails');"
            "q.process('sent', 5, async (job) => { await note(job.data.id); });",
            {"jobId", "attempts"},
        ),
        (
            "import { Queue } from 'bullmq';"
            "const q = new Queue('mails', { defaultJobOptions: { attempts: 3 } });"
            "export async function put(id) { await q.add('sent', { id }, { jobId: id }); }",
            "import { Worker } from 'bullmq';"
            "const work = async (job) => { await note(job.data.id); };"
            "new Worker('mails', work, { concurrency: 5 });",
            {"jobId", "attempts"},
        ),
        (
            "const Queue = require('bee-queue'); const q = new Queue('mails');"
            "export const put = (id) => q.createJob({ id }).setId(id).retries(2).save();",
            "const Queue = require('bee-queue'); const q = new Queue('mails');"
            "q.process(5, async (job) => { await note(job.data.id); });",
            {"id", "retries"},
        ),
        (
            "import PgBoss from 'pg-boss'; const boss = new PgBoss('postgres://');"
            "export const put = (id) => boss.send('mails', { id }, { singletonKey: id });",
            "import { PgBoss } from 'pg-boss'; const boss = new PgBoss('postgres://');"
            "boss.work('mails', async ([job]) => { await note(job.data.id); });",
            {"singletonKey"},
        ),
        (
            "import { Agenda } from 'agenda'; const agenda = new Agenda({});"
            "export const put = (id) => agenda.create('sent', { id }).unique({ id }).save();",
            "const Agenda = require('agenda'); const agenda = new Agenda({});"
            "agenda.define('sent', { concurrency: 5 }, async (job) => { await note(1); });",
            {"unique"},
        ),
        (
            "import { makeWorkerUtils } from 'graphile-worker';"
            "export async function put(id) {"
            "  const utils = await makeWorkerUtils({});"
            "  await utils.addJob('sent', { id }, { jobKey: id });"
            "}",
            "import { run } from 'graphile-worker';"
            "run({ taskList: { sent: async (payload) => { await note(payload.id); } } });",
            {"jobKey"},
        ),
        (
            "import { Kafka } from 'kafkajs'; const producer = new Kafka({}).producer();"
            "export const put = (id) =>"
            "  producer.send({ topic: 'mails', messages: [{ value: id }] });",
            "import { Kafka } from 'kafkajs'; const consumer = new Kafka({}).consumer({});"
            "consumer.subscribe({ topic: 'mails' });"
            "consumer.run({ eachMessage: async ({ message }) => { await note(message.value); } });",
            {"topic", "messages"},
        ),
        (
            "import amqp from 'amqplib';"
            "export async function put(id) {"
            "  const connection = await amqp.connect('amqp://');"
            "  const channel = await connection.createChannel();"
            "  channel.sendToQueue('mails', Buffer.from(id), { persistent: true });"
            "}",
            "import amqp from 'amqplib';"
            "async function start() {"
            "  const channel = await (await amqp.connect('amqp://')).createChannel();"
            "  await channel.consume('mails', async (m) => { await note(m.content); });"
            "}"
            "start();",
            {"persistent"},
        ),
    ],
    ids="bull bullmq bee-queue pg-boss agenda graphile-worker kafkajs amqplib".split(),  # noqa: SIM905
)
def test_a_job_and_who_takes_it(tmp_path: File, put: str, take: str, options: set[str]) -> None:
    files = {
        "package.json": PACKAGE,
        "src/db.ts": DATABASE,
        "src/queue.ts": put,
        "src/worker.ts": f"import {{ note }} from './db';\n{take}",
        "src/app.ts": """
    import express from 'express';
    import { put } from './queue';
    const app = express();
    app.post('/mails', async (req, res) => { await put(req.body.id); res.end(); });
""",
    }
    chart = charted(tmp_path, files)
    path = path_of(chart, "POST /mails")
    ((_, effect),) = events(path)
    assert effect.kind == "enqueue" and options <= set(effect.options)
    (handover,) = path.jobs
    assert kinds(chart.paths[handover.entry]) == ["insert notes"]


@pytest.mark.parametrize(
    ("head", "body"),
    [
        (
            "import Redlock from 'redlock'; const locks = new Redlock([redis]);",
            "const lock = await locks.acquire([`seat:${id}`], 5000);"
            "try { await note(id); } finally { await lock.release(); }",
        ),
        (
            "import Redlock from 'redlock'; const locks = new Redlock([redis]);",
            "await locks.using([`seat:${id}`], 5000, async () => { await note(id); });",
        ),
        (
            "const locks = new (require('redlock'))([redis]);",
            "const lock = await locks.lock(`seat:${id}`, 5000);"
            "await note(id); await lock.unlock();",
        ),
        (
            "const lock = require('redis-lock')(redis);",
            "const done = await lock(`seat:${id}`, 5000); await note(id); await done();",
        ),
        (
            "import { Mutex } from 'redis-semaphore';",
            "const mutex = new Mutex(redis, `seat:${id}`, { lockTimeout: 5000 });"
            "await mutex.acquire(); try { await note(id); } finally { await mutex.release(); }",
        ),
    ],
    ids="acquire using lock redis-lock semaphore".split(),  # noqa: SIM905
)
def test_leases(tmp_path: File, head: str, body: str) -> None:
    files = {
        "package.json": PACKAGE,
        "src/db.ts": DATABASE,
        "src/app.ts": f"""
    import express from 'express';
    import Redis from 'ioredis';
    import {{ note }} from './db';
    const redis = new Redis();
    {head}
    const app = express();
    app.post('/seats/:id', async (req, res) => {{
      const id = req.params.id;
      {body}
      await note(0);
      res.end();
    }});
""",
    }
    path = path_of(charted(tmp_path, files), "POST /seats/:id")
    (taken, acquire), (inside, _), *_, (after, _) = events(path)
    assert (acquire.kind, acquire.subject, acquire.expiry_s) == ("acquire", "seat:*", 5.0)
    assert taken.number in inside.locks and taken.number not in after.locks


@pytest.mark.parametrize(
    ("head", "body"),
    [
        (
            "import { Mutex } from 'async-mutex'; const mutex = new Mutex();",
            "await mutex.runExclusive(async () => { await note(id); });",
        ),
        (
            "import { Mutex } from 'async-mutex'; const mutex = new Mutex();",
            "const release = await mutex.acquire(); try { await note(id); } finally { release(); }",
        ),
        (
            "import AsyncLock from 'async-lock'; const lock = new AsyncLock();",
            "await lock.acquire(id, async () => { await note(id); });",
        ),
        (
            "import pLimit from 'p-limit'; const limit = pLimit(1);",
            "await limit(() => note(id));",
        ),
        (
            "import PQueue from 'p-queue'; const queue = new PQueue({ concurrency: 1 });",
            "await queue.add(() => note(id));",
        ),
    ],
    ids="exclusive acquire async-lock p-limit p-queue".split(),  # noqa: SIM905
)
def test_locks_of_one_process(tmp_path: File, head: str, body: str) -> None:
    files = {
        "package.json": PACKAGE,
        "src/db.ts": DATABASE,
        "src/app.ts": f"""
    import express from 'express';
    import {{ note }} from './db';
    {head}
    const app = express();
    app.post('/seats/:id', async (req, res) => {{
      const id = req.params.id;
      {body}
      res.end();
    }});
""",
    }
    path = path_of(charted(tmp_path, files), "POST /seats/:id")
    (taken, acquire), (inside, _), *_ = events(path)
    assert (acquire.kind, acquire.store) == ("acquire", "process")
    assert taken.number in inside.locks


def test_what_is_no_lock(tmp_path: File) -> None:
    files = {
        "package.json": PACKAGE,
        "src/db.ts": DATABASE,
        "src/app.ts": """
    import express from 'express';
    import pLimit from 'p-limit';
    import { note } from './db';
    const limit = pLimit(10);
    const mutex = { runExclusive: (f) => f() };
    const app = express();
    app.post('/seats/:id', async (req, res) => {
      await limit(() => note(1));
      await mutex.runExclusive(() => note(2));
      res.end();
    });
""",
    }
    path = path_of(charted(tmp_path, files), "POST /seats/:id")
    assert kinds(path) == ["insert notes", "insert notes"]
    assert [one.effect.values for one in path.events if one.effect and one.effect.values] == [
        {"seat": Known(1)},
        {"seat": Known(2)},
    ]
