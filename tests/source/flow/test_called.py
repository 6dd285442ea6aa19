"""Which names may be called in a file."""

from __future__ import annotations

import pytest

from redhanded.source.flow.languages import language_of
from redhanded.source.flow.module import Module


def lowered(text: str, suffix: str) -> Module:
    language = language_of(suffix)
    assert language is not None
    return language.lower(f"a{suffix}", text.encode())


@pytest.mark.parametrize(
    ("suffix", "text"),
    [
        (".py", "wanted(1)"),
        (".py", "x.y.wanted (\n1)"),
        (".py", "@a.wanted(1)\ndef f(): pass"),
        (".js", "x.wanted(1)"),
        (".js", "x.wanted?.(1)"),
        (".js", "new wanted(1)"),
        (".js", "wanted`text`"),
        (".ts", "x.wanted<Type>(1)"),
        (".ts", "x\n  .wanted\n  (1)"),
    ],
)
def test_what_is_called_may_be_called(suffix: str, text: str) -> None:
    assert lowered(text, suffix).may_call({"wanted", "other"})


@pytest.mark.parametrize(
    ("suffix", "text"), [(".py", "wanted = 1\nif (wanted): pass"), (".js", "wanted.other(1)")]
)
def test_what_is_only_named_may_not(suffix: str, text: str) -> None:
    assert not lowered(text, suffix).may_call({"wanted", "if"})


def test_a_file_that_was_not_looked_at_may_call_anything() -> None:
    assert Module("a.py", "python", (), (), (), ()).may_call({"wanted"})
