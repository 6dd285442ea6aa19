from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from redhanded.logs.templates.masks import TOKENS_MAX, mask, shown
from redhanded.logs.templates.shapes import shape


def masked(text: str) -> str:
    return shown(mask(shape(text.encode()).decode()))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("took 12 ms", "took <*>"),
        ("took 12ms", "took <*>"),
        ("free 317.1 KB of 2 GB", "free <*> of <*>"),
        ("user bob logged in", "user bob logged in"),
        ("read /etc/app/settings.toml twice", "read <*> twice"),
        ("GET /a/b?all=True&since=5:1 done", "GET <*> done"),
        ("Input/output error", "Input/output error"),
        ("mail to a@b.example failed", "mail to <*> failed"),
        ("mask=ffffffff", "mask=<*>"),
        ("a decade passed", "a decade passed"),
        ("at Sun Jul 10 03:55:15 2005", "at <*>"),
        ("march on, May fly", "march on, May fly"),
        ("blocks 1, 2, 3 and 4", "blocks <*> and <*>"),
        ("from 10.0.0.1 () at", "from <*> (<*>) at"),
        ("init() called", "init() called"),
        ('name="7"', "name=<*>"),
        ("  indented 1 ", "indented <*>"),
        ("parity error......0", "parity error......<*>"),
        ("joined 5c:50:fe:ad:18:1 twice", "joined <*> twice"),
        ("from fe80::dead:beef:1 on", "from <*> on"),
        ("a::b::c is called", "a::b::c is called"),
        ("lifetime <1 sec", "lifetime <*>"),
        ("level <7> and more", "level <<*>> and more"),
        ("", ""),
    ],
)
def test_values_are_masked_and_words_are_not(text: str, expected: str) -> None:
    assert masked(text) == expected


def test_a_dot_leader_parts_a_name_from_its_value_in_words() -> None:
    assert mask("ready......yes") == "ready......yes"


def test_what_follows_many_tokens_is_one_value() -> None:
    long = " ".join(["word"] * TOKENS_MAX)
    assert mask(f"{long} one end") == mask(f"{long} another")


@settings(deadline=None)
@given(st.text(alphabet="aB7 =:,\"'()[]<>/.-\x01", max_size=40))
def test_digits_never_reach_a_mask(text: str) -> None:
    assert not any(character.isdigit() for character in masked(text))
