"""Faults that lie in the packages that a program uses."""

from __future__ import annotations

import json
import textwrap
from pathlib import Path

import pytest

from redhanded.case.scan import Reported, Scan, ScanRequest
from redhanded.hunt.scan import scan

COUNTING = """
    var Meter = module.exports = function (options) {
      this.options = options;
      this.store = options.store;
    };
    Meter.prototype.count = function (key, next) {
      var self = this;
      this.store.get(key, function (error, value) {
        self.store.set(key, (value || 0) + 1, 60, function () { next(); });
      });
    };
"""
LINE = "self.store.set(key, (value || 0) + 1, 60, function () { next(); });"
COUNTED_AT_ONCE = """
    var Meter = module.exports = function (options) { this.client = options.client; };
    Meter.prototype.count = function (key, next) {
      this.client.multi().incr(key).expire(key, 60).exec(function () { next(); });
    };
"""
SERVICE = """
    const express = require('express');
    const Meter = require('turnstile');
    const client = require('redis').createClient();
    const meter = new Meter({ client });
    const app = express();
    app.post('/gates/:id', (req, res) => {
      meter.count(req.params.id, () => res.end());
    });
    app.listen(3000);
"""


def written(root: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        place = root / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(textwrap.dedent(text).lstrip("\n"), encoding="utf-8")
    return root


def node(name: str, version: str, **files: str) -> dict[str, str]:
    """A package below node_modules; ``index`` is its entry."""
    fields = {"name": name, "version": version, "main": "index.js"}
    given = {f"node_modules/{name}/{one}.js": text for one, text in files.items()}
    return given | {f"node_modules/{name}/package.json": json.dumps(fields)}


def scanned(root: Path, **more: object) -> Scan:
    return scan(ScanRequest(paths=(root,), keeps=False, **more), lambda _: None)  # type: ignore[arg-type]


def in_packages(found: Scan) -> list[Reported]:
    return [one for one in found.findings if one.finding.package]


def test_a_fault_in_a_package_is_pointed_at(tmp_path: Path) -> None:
    root = written(tmp_path, {"app.js": SERVICE} | node("turnstile", "2.1.0", index=COUNTING))
    (one,) = in_packages(scanned(root))
    assert one.finding.rule == "read-modify-write"
    assert str(one.finding.location) == "node_modules/turnstile/index.js:8"
    assert one.finding.package == "turnstile 2.1.0"
    first = one.finding.steps[0]
    assert (first.location.path, "turnstile 2.1.0" in first.says) == ("app.js", True)
    assert one.fails


def test_a_package_that_counts_at_once_is_silent(tmp_path: Path) -> None:
    package = node("turnstile", "3.0.0", index=COUNTED_AT_ONCE)
    assert in_packages(scanned(written(tmp_path, {"app.js": SERVICE} | package))) == []


def test_what_is_not_imported_is_not_followed_into(tmp_path: Path) -> None:
    service = SERVICE.replace("require('turnstile')", "class { count(id, next) { next(); } }")
    root = written(tmp_path, {"app.js": service} | node("turnstile", "2.1.0", index=COUNTING))
    assert in_packages(scanned(root)) == []


def test_it_can_be_turned_off(tmp_path: Path) -> None:
    root = written(tmp_path, {"app.js": SERVICE} | node("turnstile", "2.1.0", index=COUNTING))
    assert in_packages(scanned(root, follows_packages=False)) == []


def test_packages_lie_where_somebody_says(tmp_path: Path) -> None:
    service = written(tmp_path / "service", {"app.js": SERVICE})
    elsewhere = written(tmp_path / "elsewhere", node("turnstile", "2.1.0", index=COUNTING))
    assert in_packages(scanned(service)) == []
    (one,) = in_packages(scanned(service, packages_in=elsewhere))
    assert one.finding.package == "turnstile 2.1.0"


def test_a_package_can_be_looked_at_alone(tmp_path: Path) -> None:
    root = written(tmp_path, node("turnstile", "2.1.0", index=COUNTING))
    (one,) = scanned(root, packages=("turnstile",)).findings
    assert str(one.finding.location) == "node_modules/turnstile/index.js:8"
    assert "used" not in one.finding.steps[0].says


def test_a_package_that_is_not_there_is_said(tmp_path: Path) -> None:
    root = written(tmp_path, node("turnstile", "2.1.0", index=COUNTING))
    assert scanned(root, packages=("wicket",)).limits == ("wicket is not installed here",)


def test_a_package_that_is_too_large_is_said(tmp_path: Path) -> None:
    many = {f"part{number}": "module.exports = 1;\n" for number in range(401)}
    loads = "".join(f"require('./{one}');\n" for one in many)
    package = node("turnstile", "2.1.0", index=loads + textwrap.dedent(COUNTING), **many)
    found = scanned(written(tmp_path, {"app.js": SERVICE} | package))
    assert in_packages(found) == []
    assert any("turnstile 2.1.0 was not followed into" in one for one in found.limits)


def test_what_was_found_once_is_kept_until_the_package_changes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    root = written(
        tmp_path / "app", {"app.js": SERVICE} | node("turnstile", "2.1.0", index=COUNTING)
    )

    def again() -> tuple[list[str], list[str]]:
        said: list[str] = []
        found = scan(ScanRequest(paths=(root,)), said.append)
        places = [str(one.finding.location) for one in in_packages(found)]
        return places, [one for one in said if "turnstile" in one]

    first = again()
    assert first == (["node_modules/turnstile/index.js:8"], ["following turnstile 2.1.0"])
    assert again() == (first[0], [])
    written(root, node("turnstile", "2.1.1", index=COUNTED_AT_ONCE))
    assert again() == ([], ["following turnstile 2.1.1"])


OVERRIDING = """
    const express = require('express');
    const Meter = require('turnstile').Meter;
    const client = require('redis').createClient();
    class Gate extends Meter {
      count(key, next) { client.incr(key, next); }
    }
    const gate = new Gate({ client });
    const app = express();
    app.post('/gates/:id', (req, res) => gate.count(req.params.id, () => res.end()));
    app.listen(3000);
"""
CLASS = """
    class Meter {
      constructor(options) { this.client = options.client; }
      async count(key) {
        const value = await this.client.hget('counts', key);
        await this.client.hset('counts', key, Number(value) + 1);
      }
    }
    module.exports = { Meter };
"""


@pytest.mark.parametrize("is_own", [False, True], ids=["inherited", "overridden"])
def test_what_the_program_does_in_its_own_way_is_not_the_packages(
    tmp_path: Path, is_own: bool
) -> None:
    service = OVERRIDING
    if not is_own:
        service = service.replace("count(key, next) { client.incr(key, next); }", "")
    root = written(tmp_path, {"app.js": service} | node("turnstile", "1.0.0", index=CLASS))
    assert [one.finding.rule for one in in_packages(scanned(root))] == (
        [] if is_own else ["read-modify-write"]
    )


QUEUE = """
    const redis = require('redis');
    class Queue {
      constructor(name) { this.client = redis.createClient(); this.name = name; }
      add(job) { return this.client.rpush(`jobs:${this.name}`, job); }
      async sweep() {
        const ids = await this.client.lrange(`active:${this.name}`, 0, -1);
        for (const id of ids) {
          const taken = await this.client.set(`lock:${id}`, '1', 'NX', 'PX', 5000);
          if (taken) await this.client.rpush(`jobs:${this.name}`, id);
        }
      }
      async other() {
        const n = await this.client.hget('n', this.name);
        await this.client.hset('n', this.name, Number(n) + 1);
      }
    }
    module.exports = Queue;
"""
DESCRIBED = """
    const express = require('express');
    const Queue = require('bull');
    const queue = new Queue('letters');
    const app = express();
    app.post('/sweep', async (req, res) => {
      CALL
      res.end();
    });
    app.listen(3000);
"""


def test_of_a_package_that_a_table_describes_only_the_rest_is_followed(tmp_path: Path) -> None:
    package = node("bull", "1.0.0", index=QUEUE)
    service = DESCRIBED.replace("CALL", "await queue.sweep();")
    (one,) = in_packages(scanned(written(tmp_path, {"app.js": service} | package)))
    assert one.finding.rule == "members-read-then-taken"
    assert one.finding.steps[0].says == "the program calls sweep of bull 1.0.0"
    assert str(one.finding.steps[0].location) == "app.js:6"
    described = DESCRIBED.replace("CALL", "await queue.add({ to: 'Porto' });")
    assert in_packages(scanned(written(tmp_path, {"app.js": described} | package))) == []


RUNNER = """
    async function ensure(client) {
      const { rows } = await client.query("SELECT 1 FROM pg_tables WHERE tablename = 'steps'");
      if (rows.length === 0) await client.query('CREATE TABLE steps (name text)');
    }
    exports.migrate = async (client) => { await ensure(client); };
"""


@pytest.mark.parametrize("is_locked", [False, True], ids=["free", "locked"])
def test_what_the_program_does_under_a_lock_is_safe(tmp_path: Path, is_locked: bool) -> None:
    lock = "await client.query('SELECT pg_advisory_lock(7)');" if is_locked else ""
    service = f"""
        const express = require('express');
        const {{ Client }} = require('pg');
        const stairs = require('stairs');
        const app = express();
        app.post('/release', async (req, res) => {{
          const client = new Client();
          {lock}
          await stairs.migrate(client);
          res.end();
        }});
        app.listen(3000);
    """
    package = node("stairs", "0.4.0", index=RUNNER)
    fields = {"name": "stairs", "version": "0.4.0", "main": "index.js", "dependencies": {"pg": "8"}}
    package["node_modules/stairs/package.json"] = json.dumps(fields)
    found = in_packages(scanned(written(tmp_path, {"app.js": service} | package)))
    wanted = [] if is_locked else ["check-then-create-table"]
    assert [one.finding.rule for one in found] == wanted


SEEDING = """
    exports.prepare = async (client) => {
      const { rows } = await client.query('SELECT * FROM stairs_lock');
      if (!rows.length) await client.query('INSERT INTO stairs_lock (held) VALUES (0)');
    };
"""


@pytest.mark.parametrize("has_row", [False, True], ids=["empty", "with-its-row"])
def test_a_table_that_begins_with_its_row_is_never_filled(tmp_path: Path, has_row: bool) -> None:
    service = """
        const express = require('express');
        const { Client } = require('pg');
        const stairs = require('stairs');
        const app = express();
        app.post('/release', async (req, res) => {
          await stairs.prepare(new Client());
          res.end();
        });
        app.listen(3000);
    """
    row = "INSERT INTO stairs_lock (held) VALUES (0);" if has_row else ""
    package = node("stairs", "0.4.0", index=SEEDING)
    fields = {"name": "stairs", "version": "0.4.0", "main": "index.js", "dependencies": {"pg": "8"}}
    package["node_modules/stairs/package.json"] = json.dumps(fields)
    files = {"app.js": service, "structure.sql": f"CREATE TABLE stairs_lock (held int);\n{row}\n"}
    found = in_packages(scanned(written(tmp_path, files | package)))
    assert [one.finding.rule for one in found] == ([] if has_row else ["check-then-create"])


def test_python_packages_lie_in_the_virtual_environment(tmp_path: Path) -> None:
    place = ".venv/lib/python3.12/site-packages"
    root = written(
        tmp_path,
        {
            "app.py": """
                import turnstile
                from flask import Flask
                app = Flask(__name__)
                @app.post("/gates/<gate>")
                def enter(gate):
                    return str(turnstile.count(gate))
            """,
            ".venv/pyvenv.cfg": "home = /usr\n",
            f"{place}/turnstile/__init__.py": "from turnstile.counter import count\n",
            f"{place}/turnstile/counter.py": """
                from redis import Redis
                connection = Redis()
                def count(key):
                    value = connection.incr(key)
                    if value == 1:
                        connection.expire(key, 60)
                    return value
            """,
            f"{place}/turnstile-1.2.0.dist-info/METADATA": "Name: turnstile\nVersion: 1.2.0\n",
            f"{place}/turnstile-1.2.0.dist-info/top_level.txt": "turnstile\n",
        },
    )
    (one,) = in_packages(scanned(root))
    assert one.finding.rule == "lock-without-expiry"
    assert str(one.finding.location) == "site-packages/turnstile/counter.py:4"
    assert one.finding.package == "turnstile 1.2.0"
