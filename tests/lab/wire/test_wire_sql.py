from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from redhanded.lab.wire.sql import kind_of, read_query, split


@pytest.mark.parametrize(
    ("sql", "kind"),
    [
        ("select 1", "SELECT"),
        ("  -- why\n/* a /* b */ c */ INSERT INTO t VALUES (1)", "INSERT"),
        ("(SELECT 1) UNION SELECT 2", "SELECT"),
        ("START TRANSACTION ISOLATION LEVEL SERIALIZABLE", "BEGIN"),
        ("begin", "BEGIN"),
        ("END", "COMMIT"),
        ("COMMIT", "COMMIT"),
        ("ABORT", "ROLLBACK"),
        ("ROLLBACK", "ROLLBACK"),
        ("ROLLBACK TO SAVEPOINT a", "ROLLBACK TO"),
        ("rollback work to a", "ROLLBACK TO"),
        ("SAVEPOINT a", "SAVEPOINT"),
        ("WITH x AS (SELECT 1) UPDATE t SET a = 1", "UPDATE"),
        ("WITH RECURSIVE x(n) AS (INSERT INTO u VALUES (')')) SELECT * FROM x", "SELECT"),
        ("VALUES (1)", "SELECT"),
        ("CREATE TABLE t (a int)", "CREATE"),
        ("START_REPLICATION SLOT s", "START_REPLICATION"),
        ("", "EMPTY"),
        ("-- only a comment", "EMPTY"),
    ],
)
def test_the_kind_is_the_verb(sql: str, kind: str) -> None:
    assert kind_of(sql) == kind


@pytest.mark.parametrize(
    ("text", "statements"),
    [
        ("SELECT 1;", ("SELECT 1",)),
        ("SELECT 1; SELECT 2", ("SELECT 1", "SELECT 2")),
        ("SELECT 'a;b'';c'; SELECT \"x;y\"", ("SELECT 'a;b'';c'", 'SELECT "x;y"')),
        (r"SELECT E'a\';b'; SELECT 2", (r"SELECT E'a\';b'", "SELECT 2")),
        (r"SELECT 'a\'; SELECT 2", (r"SELECT 'a\'", "SELECT 2")),
        ("DO $$ a; b $$; SELECT $1", ("DO $$ a; b $$", "SELECT $1")),
        ("DO $x$ a; $$ ; $x$; SELECT a$b$c", ("DO $x$ a; $$ ; $x$", "SELECT a$b$c")),
        ("SELECT 1 -- a;b\n; SELECT 2", ("SELECT 1 -- a;b", "SELECT 2")),
        ("/* a; /* b; */ c; */ SELECT 1; SELECT 2", ("/* a; /* b; */ c; */ SELECT 1", "SELECT 2")),
        (
            "CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT CASE 1 WHEN 1 THEN 2 END; SELECT "
            "3; END; SELECT 4",
            (
                "CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT CASE 1 WHEN 1 THEN 2 END; "
                "SELECT 3; END",
                "SELECT 4",
            ),
        ),
        ("CREATE RULE r AS ON INSERT TO t DO (SELECT 1; SELECT 2); SELECT 3",
         ("CREATE RULE r AS ON INSERT TO t DO (SELECT 1; SELECT 2)", "SELECT 3")),
        ("BEGIN; SELECT 1; END;", ("BEGIN", "SELECT 1", "END")),
        (" ; ;", ()),
        (";-- nothing", ()),
        ("", ()),
    ],
)  # fmt: skip
def test_statements_end_at_semicolons_outside_quotes(
    text: str, statements: tuple[str, ...]
) -> None:
    assert split(text) == statements


def test_a_query_has_the_kind_of_its_first_statement() -> None:
    kind, statements = read_query("BEGIN; INSERT INTO t VALUES (1)")
    assert kind == "BEGIN"
    assert [bound.sql for bound in statements] == ["BEGIN", "INSERT INTO t VALUES (1)"]


@given(st.text(alphabet="abEe$'\"\\;-/*() \n1é", max_size=60))
def test_any_text_is_split_without_loss_of_words(text: str) -> None:
    parts = split(text)
    kind_of(text)
    assert all(part == part.strip() and part for part in parts)
    position = 0
    for part in parts:
        position = text.index(part, position) + len(part)
