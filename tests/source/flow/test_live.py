"""What the files of SQL say against what PostgreSQL says after running them."""

from __future__ import annotations

from collections.abc import Iterator
from textwrap import dedent

import pytest
from written_schemas import columns, of, uniques

from redhanded.lab.services import PostgresServer, start_postgres
from redhanded.source.flow.live import CATALOGUE, compare, confirmed, from_database
from redhanded.source.flow.schema import Schema

STEPS = [
    """
    CREATE TABLE people (id bigserial PRIMARY KEY, "eMail" text NOT NULL UNIQUE, born date);
    CREATE TABLE IF NOT EXISTS passes (
      id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
      owner_id bigint REFERENCES people(id) ON DELETE CASCADE,
      code varchar(40) NOT NULL DEFAULT 'a;b',
      cents numeric(12,2) NOT NULL DEFAULT 0 CHECK (cents >= 0),
      during tstzrange, gate text, used_at timestamptz,
      CONSTRAINT one_code UNIQUE (code, gate),
      EXCLUDE USING gist (during WITH &&)
    );
    CREATE UNIQUE INDEX ON passes (lower(gate), owner_id) WHERE used_at IS NULL;
    CREATE UNIQUE INDEX later ON passes USING btree (gate DESC NULLS LAST);
    CREATE INDEX plain ON passes (owner_id);
    """,
    """
    ALTER TABLE passes ADD COLUMN token text UNIQUE, ADD COLUMN seat int;
    ALTER TABLE ONLY passes ADD CONSTRAINT seat_once UNIQUE (seat, gate);
    ALTER TABLE passes RENAME COLUMN gate TO door;
    ALTER TABLE passes DROP CONSTRAINT one_code;
    DROP INDEX later, plain;
    ALTER TABLE people DROP CONSTRAINT "people_eMail_key";
    CREATE UNIQUE INDEX mail ON people (lower("eMail"));
    CREATE TABLE copies (LIKE passes INCLUDING ALL);
    CREATE TABLE made AS SELECT * FROM passes;
    """,
    """
    ALTER TABLE passes RENAME TO tickets;
    ALTER TABLE tickets DROP COLUMN seat;
    DO $$ BEGIN
      ALTER TABLE tickets ADD CONSTRAINT once UNIQUE (owner_id, door);
    EXCEPTION WHEN duplicate_table THEN NULL; END $$;
    CREATE UNIQUE INDEX promoted ON tickets (code);
    ALTER TABLE tickets ADD CONSTRAINT code_once UNIQUE USING INDEX promoted;
    ALTER INDEX mail RENAME TO mails;
    CREATE SCHEMA audit;
    CREATE TABLE audit.trail (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, at timestamptz,
      who bigint, UNIQUE NULLS NOT DISTINCT (at, who));
    ALTER TABLE audit.trail ALTER COLUMN who SET NOT NULL, ALTER at TYPE date;
    DROP TABLE copies, made CASCADE;
    """,
]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PostgresServer]:
    with start_postgres(tmp_path_factory.mktemp("postgres")) as started:
        yield started


def asked(server: PostgresServer, name: str, *scripts: str) -> Schema:
    """The schema of a new database in which these scripts ran."""
    server.create_database(name)
    with server.admin(name) as connection:
        for script in scripts:
            connection.execute(script.encode())
        row = connection.execute(CATALOGUE).fetchone()
    assert row is not None
    return from_database(row[0])


@pytest.mark.parametrize("count", [1, 2, 3])
def test_the_reader_of_sql_says_what_the_database_says(server: PostgresServer, count: int) -> None:
    live = asked(server, f"same{count}", *STEPS[:count])
    said = of({f"migrations/{n}.sql": dedent(STEPS[n]) for n in range(count)})
    assert said.limits == ()
    assert compare(said, live) == ()
    for name, table in said.tables.items():
        if table.columns:
            assert columns(said, name) == columns(live, name)
        plain = {one for one in uniques(said, name) if "(" not in one}
        there = {one for one in uniques(live, name) if "(" not in one}
        assert {one.replace("migration", "database") for one in plain} == there
        assert len(table.checks) == len(live.tables[name].checks)
        for column in table.columns:
            other = next(one for one in live.tables[name].columns if one.name == column.name)
            assert (column.name, column.references) == (other.name, other.references)
            is_key = any(one.is_primary and column.name in one.columns for one in table.uniques)
            assert column.is_nullable == other.is_nullable or is_key, column


def test_an_index_whose_build_failed_enforces_nothing(server: PostgresServer) -> None:
    live = asked(
        server,
        "invalid",
        "CREATE TABLE t (a int UNIQUE, b int); CREATE UNIQUE INDEX broken ON t (b);"
        "UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'broken'::regclass;",
    )
    assert uniques(live, "t") == {"a database"}


MODEL = """
    from sqlalchemy import Column, Integer, String
    from sqlalchemy.orm import declarative_base
    Base = declarative_base()
    class Pass(Base):
        __tablename__ = "passes"
        id = Column(Integer, primary_key=True)
        code = Column("pass_code", String, unique=True)
        gate = Column(String, unique=True)
"""


def test_differences_are_named(server: PostgresServer) -> None:
    live = asked(
        server,
        "differs",
        "CREATE TABLE passes (id int PRIMARY KEY, pass_code text UNIQUE, day date UNIQUE);"
        "CREATE TABLE notes (id int);",
    )
    said = of({"models.py": MODEL})
    found = {(one.kind, one.table, one.said, one.missing_in) for one in compare(said, live)}
    assert found == {
        ("unique", "passes", "gate", "database"),
        ("unique", "passes", "day", "source"),
        ("column", "passes", "gate", "database"),
        ("table", "notes", "notes", "source"),
    }


def test_the_database_has_the_last_word(server: PostgresServer) -> None:
    live = asked(
        server,
        "last_word",
        "CREATE TABLE passes (id int PRIMARY KEY, pass_code text, gate text, day date);"
        "CREATE UNIQUE INDEX x ON passes (gate);",
    )
    both = confirmed(of({"models.py": MODEL}), live)
    table = both.table("Pass")
    assert table is not None
    assert table.unique_on(frozenset({"pass_code"})) is None
    assert table.unique_on(frozenset({"gate"})) is not None
    assert [one.attribute for one in table.columns] == ["", "code", "", ""]


def test_an_empty_database(server: PostgresServer) -> None:
    live = asked(server, "empty")
    assert live.tables == {}
    assert compare(of({}), live) == ()
