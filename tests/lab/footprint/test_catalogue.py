"""The catalogue of a real database makes footprints exact."""

from __future__ import annotations

from collections.abc import Iterator
from typing import LiteralString, cast

import pytest

from redhanded.lab.footprint import CATALOGUE_QUERY, Catalogue, footprint, read_catalogue
from redhanded.lab.services import start_postgres

SCHEMA: LiteralString = """
CREATE TABLE mails (id serial PRIMARY KEY, ref text, state text, UNIQUE (ref, state));
CREATE UNIQUE INDEX ON mails (lower(ref));
CREATE TABLE audit (what text);
CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS
  $$ BEGIN INSERT INTO audit (what) VALUES ('mail'); RETURN NEW; END $$;
CREATE TRIGGER noted AFTER INSERT ON mails FOR EACH ROW EXECUTE FUNCTION note();
CREATE FUNCTION pure(x int) RETURNS int LANGUAGE sql AS $$ SELECT x + 1 $$;
CREATE FUNCTION "Nested"() RETURNS void LANGUAGE sql AS $$ DELETE FROM audit WHERE pure(1) = 2 $$;
CREATE VIEW open_mails AS SELECT * FROM mails WHERE state = 'open';
"""


@pytest.fixture(scope="module")
def catalogue(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Catalogue]:
    with start_postgres(tmp_path_factory.mktemp("postgres")) as server:
        server.create_database("known")
        with server.admin("known") as connection:
            connection.execute(SCHEMA)
            row = connection.execute(cast(LiteralString, CATALOGUE_QUERY)).fetchone()
        assert row is not None
        yield read_catalogue(row[0])


def test_unique_columns(catalogue: Catalogue) -> None:
    assert sorted(catalogue.unique["mails"]) == [(), ("id",), ("ref", "state")]
    found = footprint("INSERT INTO mails (ref, state) VALUES ('r', 's')", catalogue=catalogue)
    checked = [row for name, access, row in found.accesses if (name, access) == ("mails", "read")]
    assert (("ref", "r"), ("state", "s")) in checked
    assert (("ref", "r"),) not in checked
    assert () in checked


def test_a_trigger_writes_its_table(catalogue: Catalogue) -> None:
    found = footprint("INSERT INTO mails (ref) VALUES ('r')", catalogue=catalogue)
    assert ("audit", "write", (("what", "mail"),)) in found.accesses
    assert (found.kind, found.target) == ("INSERT", "mails")


def test_functions_are_read(catalogue: Catalogue) -> None:
    assert footprint("SELECT pure(1)", catalogue=catalogue).accesses == ()
    nested = footprint('SELECT "Nested"()', catalogue=catalogue)
    assert [name for name, access, _ in nested.accesses if access == "write"] == ["audit"]
    assert (nested.kind, nested.target) == ("DELETE", "audit")


def test_a_view_reads_its_tables(catalogue: Catalogue) -> None:
    found = footprint("SELECT * FROM open_mails", catalogue=catalogue)
    assert ("mails", "read", (("state", "open"),)) in found.accesses
