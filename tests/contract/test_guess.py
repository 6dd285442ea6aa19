from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from redhanded.actions.initialising import initialise
from redhanded.case.errors import InputError, UsageError
from redhanded.case.system import System
from redhanded.contract import read

SHIPPING: dict[str, str] = {
    "package.json": json.dumps(
        {
            "name": "@acme/shipping",
            "scripts": {
                "start": "nodemon server/main.js",
                "start:label-worker": "node server/labels/run.js",
                "dev:worker": "nodemon server/labels/run.js",
                "db:migrate": "node scripts/migrate.js",
                "test": "vitest run",
            },
            "dependencies": {"bullmq": "5", "pg": "8", "fastify": "4"},
        }
    ),
    "pnpm-lock.yaml": "",
    ".env.example": "PGHOST=localhost\nPGPORT=5432\nREGION=eu\nCARRIER_URL=https://x.example\n",
    "server/main.js": """
        const { PGHOST, PGPORT, REDIS_HOST, REDIS_PORT, REGION } = process.env;
        const level = process.env.LOG_LEVEL || 'info';
        app.use('/hooks', require('./hooks'));
        app.get('/internal/healthz', (req, res) => res.end());
        app.listen(process.env.HTTP_PORT, () => log.info('listening'));
    """,
    "server/hooks.js": """
        const secret = process.env.CARRIER_WEBHOOK_SECRET;
        const given = req.get('X-Carrier-Signature');
        const wanted = crypto.createHmac('sha256', secret).update(raw).digest('hex');
        router.post('/parcels', handler);
        await fetch(`${process.env.CARRIER_URL}/parcels/${encodeURIComponent(id)}/label`);
    """,
    "server/labels/run.js": """
        new Worker('labels', handle, { connection });
        logger.info({ queue: 'labels' }, 'labels worker started');
    """,
    "node_modules/x/index.js": "process.env.NEVER_SEEN; app.post('/never', x)",
}


def laid_out(folder: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return folder


@pytest.fixture
def shipping(tmp_path: Path) -> System:
    initialise(laid_out(tmp_path, SHIPPING))
    return read(tmp_path)


def test_services_are_found_by_driver_and_variable(shipping: System) -> None:
    database, queue = shipping.services
    assert database.env == {"PGHOST": "{host}", "PGPORT": "{port}"}
    assert database.migrate == "npm run db:migrate"
    assert queue.kind == "redis"
    assert queue.env == {"REDIS_HOST": "{host}", "REDIS_PORT": "{port}"}


def test_processes_are_what_the_scripts_start(shipping: System) -> None:
    web, worker = shipping.processes
    assert web.command == "node server/main.js"
    assert web.env == {
        "HTTP_PORT": "{port}",
        "REGION": "eu",
        "CARRIER_WEBHOOK_SECRET": "whsec_lab",
    }
    assert web.ready == "http://127.0.0.1:{port}/internal/healthz"
    assert (worker.name, worker.command) == ("label-worker", "node server/labels/run.js")
    assert (worker.replicas, worker.ready_log) == (2, "labels worker started")


def test_the_webhook_is_sent_to_its_mounted_path_and_signed(shipping: System) -> None:
    (delivery,) = shipping.workload
    assert (delivery.to, delivery.path, delivery.deliveries) == ("web", "/hooks/parcels", 2)
    assert delivery.sign is not None
    assert delivery.sign.scheme == "hmac-sha256"
    assert delivery.sign.secret_env == "CARRIER_WEBHOOK_SECRET"
    assert delivery.sign.header == "X-Carrier-Signature"
    assert delivery.body == {"id": "{unique}"}


def test_an_outside_service_is_answered_for(shipping: System) -> None:
    (stub,) = shipping.stubs
    assert (stub.name, stub.env) == ("carrier", {"CARRIER_URL": "{url}"})
    routes: dict[str, Any] = json.loads((Path(shipping.root) / stub.routes).read_text())
    assert [route["path"] for route in routes["routes"]] == ["/parcels/:id/label"]


def test_every_guess_is_marked_and_what_is_left_to_do_is_said(tmp_path: Path) -> None:
    done = initialise(laid_out(tmp_path, SHIPPING))
    text = done.path.read_text()
    assert text.count("# guessed: ") >= 10
    assert "NEVER_SEEN" not in text
    assert any("fixtures/redhanded-request.json" in note for note in done.notes)
    assert read(tmp_path).prepare == ("pnpm install --frozen-lockfile",)
    assert read(tmp_path).test_command == "npm test"


def test_a_small_project_still_gives_a_file_that_can_be_read(tmp_path: Path) -> None:
    (tmp_path / "package.json").write_text('{"name": "tiny"}')
    done = initialise(tmp_path)
    assert read(tmp_path).name == "tiny"
    assert any("no program was found" in note for note in done.notes)
    assert any("no request was found" in note for note in done.notes)


def test_a_file_that_is_there_is_not_overwritten(tmp_path: Path) -> None:
    (tmp_path / "package.json").write_text("{}")
    (tmp_path / "redhanded.toml").write_text("mine")
    with pytest.raises(UsageError, match="--force"):
        initialise(tmp_path)
    assert (tmp_path / "redhanded.toml").read_text() == "mine"
    initialise(tmp_path, force=True)
    assert (tmp_path / "redhanded.toml").read_text() != "mine"


def test_a_project_of_another_kind_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="only Node and Python projects"):
        initialise(tmp_path)
    assert not (tmp_path / "redhanded.toml").exists()


def test_the_shipped_example_needs_no_edit(tmp_path: Path) -> None:
    example = Path(__file__).parents[2] / "examples" / "orders"
    unwanted = shutil.ignore_patterns("node_modules", ".redhanded", "redhanded.toml", "logs")
    shutil.copytree(example, tmp_path / "copy", ignore=unwanted)
    done = initialise(tmp_path / "copy")
    guessed, theirs = read(tmp_path / "copy"), read(example)
    assert done.notes == ()
    for kind in ("env", "kind", "migrate"):
        assert [getattr(service, kind) for service in guessed.services] == [
            getattr(service, kind) for service in theirs.services
        ]
    for kind in ("name", "command", "ready", "ready_log", "replicas"):
        assert [getattr(process, kind) for process in guessed.processes] == [
            getattr(process, kind) for process in theirs.processes
        ]
    assert [(stub.env, stub.routes) for stub in guessed.stubs] == [
        (stub.env, stub.routes) for stub in theirs.stubs
    ]
    (mine,), (other,) = guessed.workload, theirs.workload
    assert (mine.path, mine.sign, mine.to, mine.deliveries) == (
        other.path,
        other.sign,
        other.to,
        other.deliveries,
    )
    assert (guessed.prepare, guessed.test_command) == (theirs.prepare, theirs.test_command)
