"""What is guessed of Node projects that are laid out in other ways than the shipped example."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from redhanded.actions.initialising import initialise
from redhanded.case.system import System
from redhanded.contract import read


def package(name: str, **fields: Any) -> str:
    return json.dumps({"name": name, **fields})


def guessed(folder: Path, files: dict[str, str]) -> System:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    initialise(folder)
    return read(folder)


WORKSPACES = {
    "package.json": package("acme", scripts={"build": "turbo run build", "dev": "turbo dev"}),
    "pnpm-lock.yaml": "",
    "pnpm-workspace.yaml": "packages:\n  - 'apps/*'\n  - 'packages/*'\n",
    "apps/api/package.json": package(
        "@acme/api",
        scripts={"dev": "tsx watch src/index.ts", "start": "node dist/index.js"},
        dependencies={"@acme/db": "workspace:*", "bullmq": "5"},
    ),
    "apps/api/src/index.ts": """
        import { invoices } from './routes/invoices.js';
        app.use('/api/invoices', invoices);
        app.get('/healthz', (req, res) => res.end());
        app.listen(Number(process.env.API_PORT ?? 4000));
    """,
    "apps/api/src/routes/invoices.ts": """
        invoices.post('/', async (req, res) => { const { reference, total } = req.body; });
        invoices.get('/', list);
    """,
    "apps/jobs/package.json": package(
        "@acme/jobs", scripts={"start": "node dist/main.js"}, dependencies={"bullmq": "5"}
    ),
    "apps/jobs/src/main.ts": """
        new Worker('invoices', run, { connection: redis(process.env.REDIS_URL) });
        logger.info(`jobs running on ${queue}`);
    """,
    "apps/site/package.json": package("@acme/site", scripts={"start": "next start"}),
    "packages/db/package.json": package(
        "@acme/db",
        scripts={"migrate:dev": "prisma migrate dev", "migrate:deploy": "prisma migrate deploy"},
        dependencies={"@prisma/client": "6"},
    ),
    "packages/db/prisma/schema.prisma": 'datasource db { url = env("DATABASE_URL") }',
}


def test_workspaces_are_programs_in_folders_of_their_own(tmp_path: Path) -> None:
    system = guessed(tmp_path, WORKSPACES)
    api, jobs = system.processes
    assert (api.name, api.command, api.cwd) == ("api", "node dist/index.js", "apps/api")
    assert api.env == {"API_PORT": "{port}"}
    assert api.ready == "http://127.0.0.1:{port}/healthz"
    assert (jobs.name, jobs.command, jobs.cwd) == ("jobs", "node dist/main.js", "apps/jobs")
    assert (jobs.replicas, jobs.ready_log) == (2, "jobs running on")
    assert (system.prepare, system.build) == (
        ("pnpm install --frozen-lockfile",),
        ("npm run build",),
    )
    assert system.source == ("apps", "packages")


def test_services_of_workspaces_are_found_in_any_package(tmp_path: Path) -> None:
    database, queue = guessed(tmp_path, WORKSPACES).services
    assert database.env == {"DATABASE_URL": "{url}"}
    assert database.migrate == "npm --prefix packages/db run migrate:deploy"
    assert queue.env == {"REDIS_URL": "{url}"}


def test_the_body_is_what_the_handler_reads(tmp_path: Path) -> None:
    (delivery,) = guessed(tmp_path, WORKSPACES).workload
    assert (delivery.to, delivery.path) == ("api", "/api/invoices")
    assert delivery.body == {"reference": "{unique}", "total": 1}


COMPOSED = {
    "docker-compose.yml": """
services:
  backend:
    build: { context: ./backend }
    ports: ["3000:3000"]
    environment:
      - POSTGRES_HOST=postgres
      - POSTGRES_DB=shop
      - POSTGRES_USER=${POSTGRES_USER:-shop}
      - POSTGRES_PASSWORD
      - REDIS_URL=redis://cache:6379
      - REGION=eu
  sender:
    build: ./backend
    command: npm run worker:dev
  postgres: { image: "postgres:15" }
  cache: { image: "valkey/valkey:8" }
""",
    "backend/package.json": package(
        "backend", scripts={"worker:dev": "nodemon --legacy-watch src/worker.js"}
    ),
    "backend/package-lock.json": "{}",
    "backend/Dockerfile": (
        'FROM node:20\nCMD ["sh", "-c", "npx sequelize-cli db:migrate && node src/index.js"]\n'
    ),
    "backend/src/index.js": """
        const region = process.env.REGION;
        app.get('/api/status', status);
        app.post('/api/webhooks/mail', take);
        app.listen(process.env.PORT || 3000);
    """,
    "backend/src/worker.js": "queue.process(send); console.log('sender started');",
}


def test_compose_files_say_what_runs_and_where(tmp_path: Path) -> None:
    system = guessed(tmp_path, COMPOSED)
    backend, sender = system.processes
    assert (backend.command, backend.cwd) == ("node src/index.js", "backend")
    assert backend.env == {"PORT": "{port}", "REGION": "eu"}
    assert (sender.command, sender.cwd) == ("node src/worker.js", "backend")
    assert (sender.replicas, sender.ready_log) == (2, "sender started")
    database, queue = system.services
    assert database.env == {
        "POSTGRES_HOST": "{host}",
        "POSTGRES_USER": "{user}",
        "POSTGRES_PASSWORD": "{password}",
        "POSTGRES_DB": "{db}",
    }
    assert database.migrate == "cd backend && npx sequelize-cli db:migrate"
    assert queue.env == {"REDIS_URL": "{url}"}
    assert system.prepare == ("npm --prefix backend ci",)


def test_routes_of_controllers_have_their_prefix_and_version(tmp_path: Path) -> None:
    system = guessed(
        tmp_path,
        {
            "package.json": package(
                "zoo",
                scripts={"start": "nest start", "start:prod": "node dist/main"},
                dependencies={"@nestjs/core": "11", "typeorm": "0.3", "pg": "8"},
            ),
            "src/main.ts": """
                const app = await NestFactory.create(AppModule);
                app.setGlobalPrefix('api', { exclude: ['health'] });
                app.enableVersioning({ type: VersioningType.URI });
                await app.listen(config.getOrThrow<number>('PORT'));
            """,
            "src/cats.ts": """
                @Controller({ path: 'cats', version: '2' })
                class Cats { @Get(':id') one() {} @Post('adopt') adopt(@Body() dto: Adopt) {} }
                @Controller('health')
                class Health { @Get() look() {} }
            """,
            "src/adopt.ts": "class Adopt {\n  @IsString()\n  name: string;\n  note?: string;\n}",
            "src/db/source.ts": "export default new DataSource({ type: 'postgres' });",
        },
    )
    (web,), (delivery,), (database,) = system.processes, system.workload, system.services
    assert (web.command, web.env) == ("node dist/main", {"PORT": "{port}"})
    assert web.ready == "http://127.0.0.1:{port}/health"
    assert (delivery.path, delivery.body) == ("/api/v2/cats/adopt", {"name": "name-{unique}"})
    assert database.migrate == "npx typeorm migration:run -d dist/db/source.js"


@pytest.mark.parametrize(
    ("scripts", "dependencies", "migrate"),
    [
        ({"migrate": "knex migrate:latest"}, {"knex": "3"}, "npx knex migrate:latest"),
        ({"migrate:dev": "prisma migrate dev"}, {"prisma": "6"}, "npx prisma migrate deploy"),
        ({"migrate": "tsx src/migrate.ts"}, {"drizzle-kit": "1"}, "npm run migrate"),
        ({}, {"drizzle-kit": "1"}, "npx drizzle-kit migrate"),
        ({}, {"node-pg-migrate": "8"}, "npx node-pg-migrate up"),
        ({"start": "npm run migrations && node a.js"}, {}, "npm run migrations"),
    ],
)
def test_migrations_by_script_and_tool(
    tmp_path: Path, scripts: dict[str, str], dependencies: dict[str, str], migrate: str
) -> None:
    manifest = package("x", scripts=scripts, dependencies={"pg": "8", **dependencies})
    system = guessed(tmp_path, {"package.json": manifest, "a.js": "app.listen(1)"})
    assert system.services[0].migrate == migrate


@pytest.mark.parametrize(
    ("source", "path"),
    [
        ("import { visits } from './v';\napp.register(visits, { prefix: '/v1' });", "/v1/visits"),
        ("app.register(require('./v'), { prefix: '/v2' });", "/v2/visits"),
        ("const v = require('./v');\napp.use('/v3', v);", "/v3/visits"),
    ],
)
def test_routes_have_the_prefix_they_are_mounted_under(
    tmp_path: Path, source: str, path: str
) -> None:
    files = {"package.json": package("x"), "a.ts": source, "v.ts": "app.post('/visits', take);"}
    (delivery,) = guessed(tmp_path, files | {"index.ts": "app.listen(1)"}).workload
    assert delivery.path == path


def test_a_router_may_be_told_its_prefix(tmp_path: Path) -> None:
    files = {
        "package.json": package("x"),
        "returns.ts": """
            export const returns = new Router({ prefix: '/returns' });
            const other = new Router();
            returns.post('/', async (ctx) => { const body = ctx.request.body as Wanted; });
        """,
        "types.ts": """
            export interface Wanted {
              order: string;
              note?: string;
              lines: { sku: string; quantity: number }[];
              address: Address;
            }
            type Address = { country: 'de' | 'fr'; email: string };
        """,
        "index.ts": "app.use(returns.routes()); app.listen(1)",
    }
    (delivery,) = guessed(tmp_path, files).workload
    assert delivery.path == "/returns"
    assert delivery.body == {
        "order": "order-{unique}",
        "lines": [{"sku": "sku-{unique}", "quantity": 1}],
        "address": {"country": "de", "email": "{unique}@example.com"},
    }


def test_a_body_fits_the_schema_that_reads_it(tmp_path: Path) -> None:
    files = {
        "package.json": package("x"),
        "hooks.ts": """
            app.post('/hooks/shop', async (request, reply) => {
              const event = shopEvent.parse(request.body);
            });
        """,
        "events.ts": """
            const item = z.object({ sku: z.string(), count: z.number().int().default(1) });
            export const shopEvent = z.discriminatedUnion('type', [
              z.object({ id: z.string(), type: z.literal('paid'), at: z.string().datetime(),
                data: z.object({
                  items: z.array(item), gift: z.boolean(), note: z.string().optional(),
                }) }),
              z.object({ id: z.string(), type: z.literal('gone') }),
            ]);
        """,
        "index.ts": "app.listen(1)",
    }
    (delivery,) = guessed(tmp_path, files).workload
    assert delivery.body == {
        "id": "{unique}",
        "type": "paid",
        "at": "2025-01-01T00:00:00.000Z",
        "data": {"items": [{"sku": "sku-{unique}"}], "gift": True},
    }


def test_the_header_of_a_signature_may_stand_in_another_file(tmp_path: Path) -> None:
    files = {
        "package.json": package("x"),
        "hmac.ts": "export const sign = (b) => createHmac('sha256', k).update(b).digest('hex');",
        "check.ts": "const given = request.headers['x-shop-signature'] as string;",
        "hooks.ts": "app.post('/hooks/shop', take); const k = process.env.SHOP_WEBHOOK_SECRET;",
        "index.ts": "app.listen(1)",
    }
    (delivery,) = guessed(tmp_path, files).workload
    assert delivery.sign is not None and delivery.sign.header == "x-shop-signature"


@pytest.mark.parametrize(
    ("source", "said"),
    [
        (
            "new Worker('a', async (job) => { log.info({ id: job.id }, 'job started'); })\n"
            ".on('ready', () => log.info('worker ready'));",
            "worker ready",
        ),
        (
            "queue.process(send);\nqueue.on('ready', () => log.info('waiting for slips'));",
            "waiting for slips",
        ),
        (
            "queue.process(send); log.info('sender started'); log.info('task running');",
            "sender started",
        ),
    ],
)
def test_a_worker_is_ready_when_it_says_so_and_not_at_its_first_job(
    tmp_path: Path, source: str, said: str
) -> None:
    manifest = package("x", scripts={"start": "node index.js", "worker": "node worker.js"})
    files = {"package.json": manifest, "index.js": "app.listen(1)", "worker.js": source}
    worker = guessed(tmp_path, files).processes[1]
    assert worker.ready_log == said
