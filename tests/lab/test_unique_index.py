"""The migrations that make a unique index, run by the libraries that they are written for."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from redhanded.hunt.repair.unique.scripts import guarded
from redhanded.lab.services import PostgresServer, find_node, start_postgres

RUN = {
    "knex": """
const db = require('knex')({ client: 'pg', connection: process.argv[2] });
const run = (name) => migration[name](db);
const end = () => db.destroy();
""",
    "sequelize": """
const { Sequelize } = require('sequelize');
const db = new Sequelize(process.argv[2], { logging: false });
const run = (name) => migration[name](db.getQueryInterface(), Sequelize);
const end = () => db.close();
""",
}
MAIN = """
run(process.argv[3]).catch((error) => {
  console.log(error.message);
  process.exitCode = 3;
}).finally(end);
"""
TABLE = "yard.crate"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PostgresServer]:
    with start_postgres(tmp_path_factory.mktemp("postgres")) as started:
        yield started


@pytest.mark.parametrize("tool", RUN)
def test_doubled_rows_are_named_and_nothing_is_changed(
    tool: str, server: PostgresServer, node_packages: Path, tmp_path: Path
) -> None:
    text = guarded(tool, TABLE, ("lot_id", "serial no"), esm=False, typescript=False)
    (tmp_path / "migration.js").write_text(text)
    head = "const migration = require('./migration.js');"
    (tmp_path / "run.js").write_text(f"{head}{RUN[tool]}{MAIN}")
    (tmp_path / "node_modules").symlink_to(node_packages / "node_modules")
    url = server.url("postgres")

    def run(name: str) -> tuple[int, str]:
        done = subprocess.run(
            [str(find_node()), "run.js", url, name],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
        )
        return done.returncode, done.stdout + done.stderr

    with psycopg.connect(url, autocommit=True) as database:
        database.execute("DROP SCHEMA IF EXISTS yard CASCADE")
        database.execute("CREATE SCHEMA yard")
        database.execute(f'CREATE TABLE {TABLE} (id serial, lot_id int, "serial no" text)')
        insert = f'INSERT INTO {TABLE} (lot_id, "serial no") VALUES (1, %s)'
        for number in ("a", "a", "b", None, None):
            database.execute(insert, (number,))
        code, said = run("up")
        assert code == 3
        assert '{"lot_id":1,"serial no":"a","rows":2}' in said
        assert '"serial no":"b"' not in said
        indexes = "SELECT count(*) FROM pg_indexes WHERE schemaname = 'yard'"
        assert database.execute(indexes).fetchone() == (0,)

        database.execute(f"DELETE FROM {TABLE} WHERE id = 2")
        assert run("up") == (0, "")
        with pytest.raises(psycopg.errors.UniqueViolation):
            database.execute(insert, ("b",))
        assert run("up") == (0, "")
        assert run("down") == (0, "")
        assert database.execute(indexes).fetchone() == (0,)
        database.execute(insert, ("b",))
