"""PostgreSQL's lexical rules."""

from __future__ import annotations

import pytest

from redhanded.lab.footprint.masking import mask


@pytest.mark.parametrize(
    ("sql", "literals"),
    [
        ("SELECT 'a''b;c'", ("a'b;c",)),
        (r"SELECT E'a\'b\n\x41'", ("a'b\nA",)),
        ("SELECT $$x;'y$$, $a$ $$ $a$", ("x;'y", " $$ ")),
        ("SELECT 1, .5, 1.5e3, -2", ("1", ".5", "1.5e3", "2")),
        ('SELECT $1, t1.x2, a$b, "it\'s 1"', ()),
        ("SELECT 1 /* 2 /* 3 */ 4 */ -- 5", ("1",)),
        ("SELECT 'never closed", ("never closed",)),
        ("SELECT a/2, a-1", ("2", "1")),
    ],
)
def test_literals(sql: str, literals: tuple[str, ...]) -> None:
    (masked,) = mask(sql)
    assert masked.literals == literals


def test_statements_are_split_outside_quotes_only() -> None:
    parts = mask("SELECT ';'; /* ; */ SELECT \";\"; ; DO $$ a; b $$;")
    assert [part.text[:6] for part in parts] == ["SELECT", "SELECT", "DO '~0"]
