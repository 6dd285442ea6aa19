"""Small services and what explore makes of them, none of them like the example."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

from redhanded.case.codemap import CodeMap
from redhanded.case.symptom import Symptom
from redhanded.hunt.explore import chart


def write_tree(root: Path, files: dict[str, str]) -> Path:
    """Writes files, each dedented and without its first line break."""
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(dedent(text).lstrip("\n"))
    return root


def mapped(root: Path, files: dict[str, str], *folders: str) -> CodeMap:
    """Writes and reads."""
    return chart(write_tree(root, files), source=folders or ("src",), symptom=Symptom(text=""))


PARCELS = {
    # CommonJS, Bull, models found by reading their folder, factories, wrapped handlers.
    "src/index.js": """
        const express = require('express');
        const db = require('./db');
        const { labels } = require('./queues');
        const makeDesk = require('./desk');

        const server = express();
        const desk = makeDesk({ db, queue: labels });
        server.use('/api', require('./http')(desk));
        server.listen(3000);
        """,
    "src/http/index.js": """
        const { Router } = require('express');
        const guard = require('../guard');

        module.exports = (desk) => {
          const v1 = Router();
          const parcels = Router();
          parcels.post('/', guard((req, res) => desk.accept(req.body)));
          parcels.route('/:code').get(guard(desk.show));
          v1.use('/parcels', parcels);
          return v1;
        };
        """,
    "src/guard.js": """
        module.exports = (work) => async (req, res, next) => {
          try { await work(req, res); } catch (e) { next(e); }
        };
        """,
    "src/desk.js": """
        function makeDesk({ db, queue }) {
          async function accept(body) {
            const seen = await db.Parcel.findOne({ where: { trackingCode: body.code } });
            if (seen) return;
            await queue.add({ code: body.code, weight: body.weight }, { attempts: 5 });
          }
          async function show(req, res) {
            res.json(await db.Parcel.findByPk(req.params.code));
          }
          return { accept, show };
        }

        module.exports = makeDesk;
        """,
    "src/names.js": "exports.LABELS = 'print-labels';\n",
    "src/queues.js": """
        const Bull = require('bull');
        const names = require('./names');
        const defaults = { defaultJobOptions: { removeOnComplete: true } };

        const make = (name) => new Bull(name, process.env.REDIS, defaults);
        exports.labels = make(names.LABELS);
        exports.reports = make('reports');
        """,
    "src/printer.js": """
        const { labels } = require('./queues');
        const { Parcel } = require('./db');

        class Printer {
          constructor(queue) { this.queue = queue; }
          start() { this.queue.process(4, (job) => this.print(job)); }
          async print(job) {
            await this.store(job.data);
            await mystery.unknown(job);
            this.later(job);
          }
          async store(data) {
            return Parcel.create({ trackingCode: data.code, grams: data.weight });
          }
        }

        new Printer(labels).start();
        """,
    "src/db/index.js": """
        const fs = require('fs');
        const path = require('path');
        const Sequelize = require('sequelize');

        const db = {};
        const link = new Sequelize(process.env.URL, { define: { underscored: true } });
        fs.readdirSync(__dirname).filter((f) => f !== 'index.js').forEach((file) => {
          const model = require(path.join(__dirname, file))(link, Sequelize.DataTypes);
          db[model.name] = model;
        });
        db.link = link;
        module.exports = db;
        """,
    "src/db/parcel.js": """
        const { Model } = require('sequelize');

        module.exports = (link, types) => {
          class Parcel extends Model {}
          Parcel.init({
            trackingCode: { type: types.STRING, field: 'code', unique: true },
            grams: types.INTEGER,
          }, { sequelize: link });
          return Parcel;
        };
        """,
    "src/db/country.js": """
        module.exports = (link, types) => link.define('Country', { isoCode: types.STRING });
        """,
    "migrations/1-parcels.js": """
        module.exports.up = async (tables, types) => {
          await tables.createTable('parcels', {
            id: { type: types.INTEGER, primaryKey: true },
            code: { type: types.STRING },
          });
          await tables.sequelize.query(
            'CREATE UNIQUE INDEX CONCURRENTLY parcels_code_once ON "parcels" (code)');
        };
        // queryInterface of sequelize-cli
        """,
}

INVOICES = {
    # TypeScript, ES modules, BullMQ, classes with injected parts, a barrel file, a path alias.
    "tsconfig.json": """
        { // comments are allowed here
          "compilerOptions": { "baseUrl": ".", "paths": { "@/*": ["app/*"] }, }
        }
        """,
    "app/main.ts": """
        import express, { Router } from 'express';
        import { InvoiceService, ledger } from '@/billing';
        import { hook } from '@/hook';

        const app = express();
        const api = Router();
        const service = new InvoiceService(ledger);
        api.post('/invoices', async (req, res) => { await service.issue(req.body); });
        app.use('/v2', api);
        app.post('/hooks/ledger', express.raw(), hook(service));
        export default app;
        """,
    "app/hook.ts": """
        import crypto from 'node:crypto';
        import type { InvoiceService } from '@/billing';

        export const hook = (service: InvoiceService) => async (req, res) => {
          const mac = crypto.createHmac('sha256', 'k').update(req.body).digest('hex');
          if (req.headers['x-ledger-signature'] !== mac) return res.sendStatus(400);
          await service.issue(JSON.parse(req.body));
        };
        """,
    "app/billing/index.ts": """
        export * from './service';
        export { ledger } from './queue';
        """,
    "app/billing/queue.ts": """
        import { Queue } from 'bullmq';
        export enum Jobs { Issue = 'issue', Remind = 'remind' }
        export const ledger = new Queue('ledger', { defaultJobOptions: { attempts: 2 } });
        """,
    "app/billing/service.ts": """
        import { Queue } from 'bullmq';
        import { Jobs } from './queue';

        export class InvoiceService {
          constructor(private readonly queue: Queue) {}
          async issue(body: any): Promise<void> {
            const options = { attempts: 9, jobId: body.id };
            await this.queue.add(Jobs.Issue, { number: body.number }, options);
          }
          async remind(number: string) {
            await this.queue.add(Jobs.Remind, { number });
          }
        }
        """,
    "app/worker.ts": """
        import { Worker } from 'bullmq';
        import { Jobs } from './billing/queue';
        import { Invoice, Reminder } from './tables.js';

        new Worker('ledger', async (job) => {
          switch (job.name) {
            case Jobs.Issue:
              await Invoice.create({ number: job.data.number });
              break;
            case Jobs.Remind:
              await Reminder.create({ number: job.data.number });
              break;
          }
        }, { concurrency: 8 });
        """,
    "app/tables.ts": """
        import { Sequelize, DataTypes } from 'sequelize';

        const db = new Sequelize('postgres://x');
        export const Invoice = db.define('invoice', { number: { type: DataTypes.TEXT } }, {
          indexes: [{ unique: true, fields: ['number'] }],
        });
        export const Reminder = db.define('reminder', { number: DataTypes.TEXT });
        """,
}
