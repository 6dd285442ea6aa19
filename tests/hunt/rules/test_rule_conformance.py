"""What holds for every rule."""

from __future__ import annotations

import re

import pytest
from made_paths import effect, event, path

from redhanded.hunt.suspect.rules import RULES
from redhanded.hunt.suspect.rules.rule import Reading, Rule
from redhanded.source.flow.schema import Schema

NAMES = [one.name for one in RULES]
NOTHING = Schema(tables={}, has_migrations=False)


def test_names_are_told_apart() -> None:
    assert len(NAMES) == len(set(NAMES))


@pytest.mark.parametrize("rule", RULES, ids=NAMES)
def test_what_a_rule_says(rule: Rule) -> None:
    assert re.fullmatch(r"[a-z]+(?:-[a-z]+)+", rule.name)
    assert rule.title and not rule.title.endswith(".")
    assert rule.wrong.endswith(".")
    assert len(rule.safe) >= 3
    assert all(one.endswith(".") for one in rule.safe)
    assert rule.needs and rule.experiment and rule.remedy
    assert 0 < rule.threshold < 1


@pytest.mark.parametrize("rule", RULES, ids=NAMES)
def test_nothing_is_found_where_nothing_is(rule: Rule) -> None:
    paths = (path(event(0, None)), path(event(0, effect("read", "readers"))))
    for some in ((), paths):
        assert list(rule.look(Reading(paths=some, schema=NOTHING, text=lambda _: ""))) == []
