"""Where requests, messages and schedules come in, in whole programs of each framework."""

from __future__ import annotations

from pathlib import Path as File

import pytest
from written_programs import charted, kinds, path_of

PACKAGE = '{"dependencies": {"pg": "8", "express": "4"}}'
DATABASE = """
    import { Pool } from 'pg';
    export const pool = new Pool();
    export const take = (id) => pool.query('UPDATE seats SET free = 0 WHERE id = $1', [id]);
    export const note = (id) => pool.query('INSERT INTO notes (seat) VALUES ($1)', [id]);
"""


def names(tmp_path: File, files: dict[str, str]) -> dict[str, list[str]]:
    """Entries to their kinds of effects."""
    chart = charted(tmp_path, {"package.json": PACKAGE, "src/db.ts": DATABASE, **files})
    return {one.entry.name: kinds(one) for one in chart.paths if one.entry.kind != "function"}


TAKEN = {"POST /api/seats/:id": ["insert notes", "update seats"]}


@pytest.mark.parametrize(
    "files",
    [
        {
            "src/app.ts": """
    import express from 'express';
    import seats from './seats';
    const app = express();
    app.use(express.json());
    app.use('/api/seats', seats);
    app.use((error, req, res, next) => { res.status(500).end(); });
    app.listen(3000);
""",
            "src/seats.ts": """
    import { Router } from 'express';
    import { take, note } from './db';
    const router = Router();
    const log = async (req, res, next) => { await note(req.params.id); next(); };
    router.post('/:id', log, async (req, res) => { await take(req.params.id); res.json({}); });
    export default router;
""",
        },
        {
            "src/app.js": """
    const express = require('express');
    const { note } = require('./db');
    function create() {
      const app = express();
      const api = express.Router();
      api.use(async (req, res, next) => { await note(req.body.id); next(); });
      require('./seats')(api);
      app.use('/api', api);
      return app;
    }
    create().listen(3000);
""",
            "src/seats.js": """
    const { take } = require('./db');
    module.exports = (router) => {
      router.route('/seats/:id').post(async (req, res) => { res.json(await take(req.params.id)); });
    };
""",
        },
        {
            "src/server.ts": """
    import Fastify from 'fastify';
    import seats from './seats';
    const server = Fastify();
    server.register(seats, { prefix: '/api' });
""",
            "src/seats.ts": """
    import { take, note } from './db';
    export default async function (fastify, options) {
      fastify.addHook('preHandler', async (request, reply) => { await note(request.params.id); });
      fastify.post('/seats/:id', { schema: {} }, async (request, reply) => {
        await take(request.params.id);
        return reply.send({});
      });
    }
""",
        },
        {
            "src/server.js": """
    const fastify = require('fastify')();
    const { take, note } = require('./db');
    const before = async (request) => { await note(request.params.id); };
    fastify.register(require('fastify-plugin')(async (instance) => {
      instance.route({
        method: 'POST',
        url: '/api/seats/:id',
        preHandler: [before],
        handler: async (request, reply) => { await take(request.params.id); },
      });
    }));
""",
        },
        {
            "src/server.js": """
    const Koa = require('koa');
    const Router = require('@koa/router');
    const { take, note } = require('./db');
    const app = new Koa();
    const seats = new Router({ prefix: '/seats' });
    seats.post('/:id', async (ctx) => { await take(ctx.params.id); ctx.body = {}; });
    const api = new Router();
    api.use('/api', async (ctx, next) => { await note(ctx.params.id); await next(); });
    api.use('/api', seats.routes(), seats.allowedMethods());
    app.use(api.routes());
""",
        },
        {
            "src/server.ts": """
    import { Hono } from 'hono';
    import { take, note } from './db';
    const seats = new Hono();
    seats.post('/:id', async (c) => { await take(c.req.param('id')); return c.json({}); });
    const app = new Hono().basePath('/api');
    app.use('*', async (c, next) => { await note(1); await next(); });
    app.route('/seats', seats);
    export default app;
""",
        },
        {
            "src/server.js": """
    const Hapi = require('@hapi/hapi');
    const { take, note } = require('./db');
    const server = Hapi.server({ port: 3000 });
    const plugin = {
      name: 'seats',
      register: async (host) => {
        host.route([{
          method: 'POST',
          path: '/api/seats/:id',
          options: { pre: [{ method: async (request) => note(request.params.id) }] },
          handler: async (request, h) => {
            await take(request.params.id);
            return h.response({}).code(201);
          },
        }]);
      },
    };
    server.register({ plugin });
""",
        },
    ],
    ids=["express", "express-function", "fastify", "fastify-route", "koa", "hono", "hapi"],
)
def test_a_route_with_what_runs_before_it(tmp_path: File, files: dict[str, str]) -> None:
    assert names(tmp_path, files) == TAKEN


def test_nest(tmp_path: File) -> None:
    found = names(
        tmp_path,
        {
            "src/seats.controller.ts": """
    import { Controller, Post, Get, Body, Param } from '@nestjs/common';
    import { EventPattern, Payload } from '@nestjs/microservices';
    import { SeatsService } from './seats.service';
    @Controller('seats')
    export class SeatsController {
      constructor(private readonly seats: SeatsService) {}
      @Post(':id') async take(@Param('id') id: string, @Body() body: object) {
        return this.seats.take(id);
      }
      @EventPattern('seat.taken')
      async heard(@Payload() data: any) { await this.seats.log(data.id); }
      helper() { return 1; }
    }
""",
            "src/seats.service.ts": """
    import { Injectable } from '@nestjs/common';
    import { Cron } from '@nestjs/schedule';
    import { InjectQueue } from '@nestjs/bullmq';
    import { Queue } from 'bullmq';
    import { take, note } from './db';
    @Injectable()
    export class SeatsService {
      constructor(@InjectQueue('mails') private readonly mails: Queue) {}
      async take(id: string) { await take(id); await this.mails.add('sent', { id }); }
      async log(id: string) { await note(id); }
      @Cron('0 * * * *') async clean() { await note(0); }
    }
""",
            "src/mails.processor.ts": """
    import { Processor, WorkerHost } from '@nestjs/bullmq';
    import { note } from './db';
    @Processor('mails', { concurrency: 4 })
    export class MailsProcessor extends WorkerHost {
      async process(job) { await note(job.data.id); }
    }
""",
        },
    )
    assert found == {
        "POST /seats/:id": ["update seats", "enqueue mails"],
        "EventPattern seat.taken": ["insert notes"],
        "cron 0 * * * *": ["insert notes"],
        "mails:*": ["insert notes"],
    }


def test_what_a_parameter_of_nest_is_given(tmp_path: File) -> None:
    files = {
        "src/a.controller.ts": """
    import { Controller, Put, Body, Headers } from '@nestjs/common';
    import { Pool } from 'pg';
    @Controller({ path: 'a' })
    export class A {
      private pool = new Pool();
      @Put() async put(@Body('seat') seat: string, @Headers('idempotency-key') key: string) {
        await this.pool.query('INSERT INTO seats (id, key) VALUES ($1, $2)', [seat, key]);
      }
    }
"""
    }
    path = path_of(charted(tmp_path, {"package.json": PACKAGE, **files}), "PUT /a")
    (effect,) = [one.effect for one in path.events if one.effect is not None]
    assert [getattr(one, "parts", None) for one in effect.values.values()] == [
        ("body", "seat"),
        ("headers", "idempotency-key"),
    ]


def test_next(tmp_path: File) -> None:
    found = names(
        tmp_path,
        {
            "src/app/api/(shop)/seats/[id]/route.ts": """
    import { NextResponse } from 'next/server';
    import { take, note } from '../../../../../db';
    export async function POST(request, { params }) {
      await take(params.id);
      return NextResponse.json({});
    }
    export const DELETE = async () => { await note(1); return new Response(); };
    export const dynamic = 'force-dynamic';
""",
            "src/pages/api/seats/index.ts": """
    import { take } from '../../../db';
    export default async function handler(req, res) { await take(req.body.id); res.end(); }
""",
            "src/app/actions.ts": """
    'use server';
    import { take } from '../db';
    export async function takeSeat(id) { await take(id); }
""",
        },
    )
    assert found == {
        "POST /api/seats/[id]": ["update seats"],
        "DELETE /api/seats/[id]": ["insert notes"],
        "ANY /api/seats": ["update seats"],
        "ACTION takeSeat": ["update seats"],
    }


@pytest.mark.parametrize(
    "text",
    [
        "import { program } from 'commander';"
        "program.command('clean <id>').option('-f').action(async (id) => { await note(id); });",
        "import yargs from 'yargs';"
        "yargs.command('clean <id>', 'cleans', () => 1, (a) => note(a.id)).parse();",
        "import yargs from 'yargs';"
        "yargs(process.argv).command({ command: 'clean', handler: (a) => note(a.id) }).parse();",
    ],
    ids=["commander", "yargs", "yargs-object"],
)
def test_commands(tmp_path: File, text: str) -> None:
    found = names(tmp_path, {"src/clean.ts": f"    import {{ note }} from './db';\n    {text}\n"})
    assert found["clean"] == ["insert notes"]


def test_a_server_of_node_itself(tmp_path: File) -> None:
    text = """
    import http from 'node:http';
    import { take } from './db';
    http.createServer(async (req, res) => { await take(req.url); res.end(); }).listen(3000);
"""
    assert names(tmp_path, {"src/a.ts": text}) == {"ANY *": ["update seats"]}


@pytest.mark.parametrize(
    "text",
    [
        "import cron from 'node-cron'; cron.schedule('0 3 * * *', async () => { await note(1); });",
        "import { CronJob } from 'cron'; new CronJob('0 3 * * *', async () => { await note(1); });",
        "import { CronJob } from 'cron';"
        "CronJob.from({ cronTime: '0 3 * * *', onTick: async () => { await note(1); } });",
        "import schedule from 'node-schedule';"
        "schedule.scheduleJob('clean', '0 3 * * *', async () => { await note(1); });",
        "import { Cron } from 'croner'; new Cron('0 3 * * *', { name: 'a' }, () => note(1));",
    ],
    ids=["node-cron", "cron", "cron-from", "node-schedule", "croner"],
)
def test_schedules(tmp_path: File, text: str) -> None:
    found = names(tmp_path, {"src/clean.ts": f"    import {{ note }} from './db';\n    {text}\n"})
    assert found == {"cron 0 3 * * *": ["insert notes"]}


@pytest.mark.parametrize(
    "text",
    [
        "const app = { post: (path, f) => f }; app.post('/seats', async () => { await take(1); });",
        "import axios from 'axios'; axios.post('/seats', async () => { await take(1); });",
        "import { Router } from './routers'; const r = new Router();"
        " r.post('/seats', async () => { await take(1); });",
    ],
)
def test_what_only_looks_like_a_route(tmp_path: File, text: str) -> None:
    files = {
        "src/a.ts": f"    import {{ take }} from './db';\n    {text}\n",
        "src/routers.ts": "    export class Router { post(path, f) { this.f = f; } }\n",
    }
    assert not [one for one in names(tmp_path, files) if "/seats" in one and one.startswith("POST")]
