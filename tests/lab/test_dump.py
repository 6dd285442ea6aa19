"""Dumps as pg_dump writes them, restored through the driver."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from redhanded.case.errors import InputError
from redhanded.lab.dump import holds_schema, pieces, restore
from redhanded.lab.services import start_postgres

DUMP = r"""--
-- PostgreSQL database dump
--

\restrict abc

SET statement_timeout = 0;
SET no_such_setting = 0;
SET client_encoding = 'UTF8';
SELECT pg_catalog.set_config('search_path', '', false);

CREATE FUNCTION public.twice(n integer) RETURNS integer
    LANGUAGE plpgsql
    AS $$
BEGIN
    RETURN n * 2;
END;
$$;

CREATE TABLE public.rooms (
    id integer NOT NULL,
    name text,
    note text
);

ALTER TABLE public.rooms OWNER TO somebody_else;

CREATE SEQUENCE public.rooms_id_seq AS integer START WITH 1;

COPY public.rooms (id, name, note) FROM stdin;
1	front; SET x = 1;	\N
2	back\tside	two\nlines
\.

COPY public.rooms (id, name, note) FROM stdin;
\.

SELECT pg_catalog.setval('public.rooms_id_seq', 2, true);

ALTER TABLE ONLY public.rooms
    ADD CONSTRAINT rooms_pkey PRIMARY KEY (id);

GRANT SELECT ON TABLE public.rooms TO somebody_else;

\unrestrict abc
"""


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[psycopg.Connection[Any]]:
    server = start_postgres(tmp_path_factory.mktemp("dump"))
    try:
        server.create_database("app")
        with server.admin("app") as connection:
            yield connection
    finally:
        server.stop()


def written(folder: Path, text: str) -> Path:
    path = folder / "dump.sql"
    path.write_text(text)
    return path


def test_a_dump_is_restored_with_rows_sequences_and_functions(
    database: psycopg.Connection[Any], tmp_path: Path
) -> None:
    path = written(tmp_path, DUMP)
    assert holds_schema(path)
    restore(database, path)
    rows = database.execute("SELECT id, name, note FROM rooms ORDER BY id").fetchall()
    assert rows == [(1, "front; SET x = 1;", None), (2, "back\tside", "two\nlines")]
    assert database.execute("SELECT twice(4), nextval('rooms_id_seq')").fetchone() == (8, 3)
    assert database.execute("SHOW search_path").fetchone() == ('"$user", public',)
    more = written(tmp_path, "COPY rooms (id, name) FROM stdin;\n3\tattic\n\\.\n")
    assert not holds_schema(more)
    restore(database, more)
    assert database.execute("SELECT count(*) FROM rooms").fetchone() == (3,)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("SELECT 1;\nSET a.b = 1;\nSELEC 2;\n", "at or after line 3"),
        ("COPY nowhere (a) FROM stdin;\n1\n\\.\n", "at or after line 1"),
        ("\\connect other\n", r"psql command '\\connect other'"),
        ("PGDMP\x01", "pg_dump --format=plain"),
    ],
)
def test_what_cannot_be_restored_is_said_with_its_line(
    database: psycopg.Connection[Any], tmp_path: Path, text: str, says: str
) -> None:
    with pytest.raises(InputError) as caught:
        restore(database, written(tmp_path, text))
    assert says.replace(r"\\", "\\\\") in str(caught.value)
    assert database.execute("SELECT 1").fetchone() == (1,)


def test_a_dump_is_taken_apart_at_settings_and_rows() -> None:
    found = [(piece.line, piece.rows) for piece in pieces(DUMP)]
    lines = DUMP.splitlines()
    assert [lines[line - 1][:4] for line, _ in found[1:4]] == ["SET "] * 3
    copies = [(lines[line - 1][:4], rows) for line, rows in found if rows is not None]
    assert [name for name, _ in copies] == ["COPY", "COPY"]
    assert copies[1][1] == "" and copies[0][1].count("\n") == 2
    assert "".join(piece.statements for piece in pieces("SELECT 1;\nSELECT 2;")) == (
        "SELECT 1;\nSELECT 2;"
    )
