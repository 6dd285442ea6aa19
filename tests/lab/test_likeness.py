"""Two spellings of one statement are alike; two statements of one table need not be."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from redhanded.lab.likeness import contained, identical, likeness

LOOK = "SELECT id FROM seats WHERE code = ?"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (LOOK, "select  id\nfrom seats where code=?"),
        (LOOK, 'SELECT "seats"."id" FROM "public"."seats" WHERE ("seats"."code" = ?)'),
        (LOOK, 'SELECT "s"."id" AS "number" FROM "seats" AS "s" WHERE "s"."code" = ?::text'),
        ("SELECT a, b FROM t WHERE c = ? AND d = ?", "SELECT b, a FROM t WHERE d = ? AND c = ?"),
        ("SELECT a FROM t WHERE b IN (?, ?, ?)", "SELECT a FROM t WHERE b IN (?)"),
        ("SELECT a FROM t WHERE b IN (?, ?)", "SELECT a FROM t WHERE b = ANY(?)"),
        ("INSERT INTO t (a, b) VALUES (?, ?)", "insert into t(b, a) values (?, ?), (?, ?)"),
        ("UPDATE t SET a = ?, b = ? WHERE c = ?", 'UPDATE "t" SET "b"=?,"a"=? WHERE "t"."c"=?'),
        (
            "SELECT x.a FROM t x JOIN u y ON y.id = x.u WHERE x.c = ?",
            "SELECT t.a FROM t INNER JOIN u AS o ON o.id = t.u WHERE t.c = ?",
        ),
        (
            "DELETE FROM t WHERE a = ? AND (b = ? AND c = ?)",
            "DELETE FROM t WHERE c=? AND b=? AND a=?",
        ),
    ],
)
def test_spelling_makes_no_difference(one: str, other: str) -> None:
    assert identical(one, other) and identical(other, one)
    assert likeness(one, other) == 1.0


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (LOOK, "SELECT id FROM seats WHERE code = ? FOR UPDATE"),
        (LOOK, "SELECT id, price FROM seats WHERE code = ?"),
        (LOOK, "SELECT id FROM seats WHERE code = ? AND deleted IS NULL"),
        ("INSERT INTO t VALUES (?)", "INSERT INTO t (a) VALUES (?)"),
        ("INSERT INTO t (a) VALUES (?)", "INSERT INTO t (a) VALUES (?) ON CONFLICT DO NOTHING"),
        ("UPDATE t SET a = ? WHERE b = ?", "UPDATE t SET a = a + ? WHERE b = ?"),
        ("UPDATE t SET a = ?; COMMIT", "UPDATE t SET a = ?; INSERT INTO u (c) VALUES (?); COMMIT"),
    ],
)
def test_a_changed_statement_is_alike(one: str, other: str) -> None:
    assert not identical(one, other)
    assert 0.4 < likeness(one, other) < 1.0
    assert likeness(one, other) == likeness(other, one)


@pytest.mark.parametrize(
    "other",
    [
        "SELECT count(*) FROM seats",
        "SELECT id FROM seats WHERE price > ?",
        "UPDATE seats SET id = ? WHERE code = ?",
        "INSERT INTO seats (code) VALUES (?)",
        "",
    ],
)
def test_another_statement_is_not(other: str) -> None:
    assert likeness(LOOK, other) == likeness(other, LOOK) == 0.0


def test_the_nearest_of_several_is_told_apart() -> None:
    more = likeness(LOOK, "SELECT id, price FROM seats WHERE code = ?")
    counted = likeness(LOOK, "SELECT count(*) FROM seats WHERE code = ?")
    assert more > counted > 0


def test_quoted_names_keep_their_case() -> None:
    assert not identical('SELECT "Id" FROM t', "SELECT id FROM t")


def test_a_transaction_contains_its_statements() -> None:
    commit = "INSERT INTO u (c) VALUES (?); UPDATE t SET a = ? WHERE b = ?; COMMIT"
    assert contained("update t set a=? where t.b=?", commit) == 1.0
    assert contained("UPDATE t SET a = ? WHERE c = ?", commit) == 0.0


@given(st.text(max_size=60), st.text(max_size=60))
def test_nothing_is_too_odd_to_be_compared(one: str, other: str) -> None:
    assert likeness(one, one) == 1.0
    assert 0.0 <= likeness(one, other) <= 1.0


WORDS = "SELECT FROM WHERE a b t u = ? ( ) , AND IN :: text JOIN ON UPDATE SET INSERT INTO VALUES *"


@given(st.lists(st.sampled_from(WORDS.split()), max_size=14).map(" ".join))
def test_what_is_almost_sql_is_compared_too(text: str) -> None:
    assert identical(text, text) and likeness(LOOK, text) == likeness(text, LOOK)
