"""Tables that programs create by SQL of their own, and db-migrate."""

from __future__ import annotations

import pytest
from written_schemas import of, uniques

CODE = {
    "commonjs": (
        "src/start.js",
        """
        const { Pool } = require('pg');
        const pool = new Pool();
        async function start() {
          await pool.query(`CREATE TABLE IF NOT EXISTS passes (id serial PRIMARY KEY, code text)`);
          await pool.query('CREATE UNIQUE INDEX IF NOT EXISTS one ON passes (code)');
          await pool.query('DROP TABLE passes_old');
        }
        start();
        """,
    ),
    "constant": (
        "app/store.py",
        '''
        SCHEMA = """
        -- the tables
        CREATE TABLE IF NOT EXISTS passes (
            id integer PRIMARY KEY,
            code text UNIQUE
        );
        """
        def start(connection):
            connection.executescript(SCHEMA)
        ''',
    ),
}


@pytest.mark.parametrize("spelling", CODE)
def test_sql_in_code(spelling: str) -> None:
    path, text = CODE[spelling]
    found = of({path: text})
    assert uniques(found, "passes") == {"id migration pk", "code migration"}
    assert found.tables["passes"].is_complete


def test_migrations_count_instead_of_sql_in_code() -> None:
    path, text = CODE["commonjs"]
    found = of({path: text, "migrations/1.sql": "CREATE TABLE passes (id int PRIMARY KEY);"})
    assert uniques(found, "passes") == {"id migration pk"}


def test_prose_about_sql_creates_nothing() -> None:
    found = of(
        {
            "a.py": 'HELP = "Use CREATE TABLE to make a table; see CREATE UNIQUE INDEX on t (a)."',
            "b.js": "log('create table failed'); db.query('ALTER TABLE t ADD UNIQUE (a)');",
        }
    )
    assert found.tables == {}


DB_MIGRATE = """
    'use strict';
    var dbm, type;
    exports.setup = function (options, link) { dbm = options.dbmigrate; type = dbm.dataType; };
    exports.up = function (db, callback) {
      db.createTable('passes', {
        columns: { id: { type: 'int', primaryKey: true, autoIncrement: true },
                   code: { type: 'string', unique: true }, gate: 'string' },
      }, function (error) {
        if (error) return callback(error);
        db.addIndex('passes', 'one_gate', ['gate', 'code'], true, function () {
          db.runSql('ALTER TABLE passes ADD COLUMN seat int UNIQUE;', callback);
        });
      });
    };
    exports.down = function (db) { return db.dropTable('passes'); };
"""
PROMISED = """
    exports.up = (db) => db
      .createTable('passes', {
        id: { type: 'int', primaryKey: true }, code: 'string', gate: 'string' })
      .then(() => db.addIndex('passes', 'a', ['code'], true))
      .then(() => db.addIndex('passes', 'b', ['gate', 'code'], true))
      .then(() => db.addIndex('passes', 'c', ['gate']))
      .then(() => db.runSql(
        `ALTER TABLE passes ADD seat int; CREATE UNIQUE INDEX s ON passes (seat)`));
    exports.down = (db) => db.dropTable('passes');
"""


@pytest.mark.parametrize("text", [DB_MIGRATE, PROMISED], ids=["callbacks", "promises"])
def test_db_migrate(text: str) -> None:
    found = of({"migrations/20200101-passes.js": text})
    assert uniques(found, "passes") == {
        "id migration pk",
        "code migration",
        "gate+code migration",
        "seat migration",
    }


def test_long_chains() -> None:
    made = "".join(f".createTable('t{n}', (t) => {{ t.uuid('a').unique(); }})" for n in range(60))
    found = of({"migrations/1.js": f"exports.up = (knex) => knex.schema{made};"})
    assert uniques(found, "t0") == uniques(found, "t59") == {"a migration"}


def test_circles_end() -> None:
    found = of(
        {
            "a.ts": "import { B } from './b'; export class A extends B.c {} export * from './b';",
            "b.ts": "import { A } from './a'; export class B extends A.c {} export * from './a';",
            "migrations/1.js": """
                const again = (q) => { more(q); };
                const more = (q) => { again(q); q.addIndex('t', ['a'], { unique: true }); };
                exports.up = (q, S) => { more(q); };
            """,
            "models.py": """
                from django.db import models
                class A(B, models.Model):
                    class Meta(B.Meta): pass
                class B(A):
                    class Meta(A.Meta): pass
            """,
        }
    )
    assert uniques(found, "t") == {"a migration"}
