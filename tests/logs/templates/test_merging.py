from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from redhanded.logs.templates.masks import mask, shown
from redhanded.logs.templates.merging import MANY, MANY_AT_ONCE, merge_alike
from redhanded.logs.templates.shapes import shape

NAMES = ("anna", "bruno", "chen", "dora", "emil", "fatou", "goran", "hana", "iris", "jonas")
PLACES = ("amber", "birch", "cedar", "dune", "elm", "fern", "grove", "heath", "inlet", "juniper")


def templates(lines: Iterable[str]) -> set[str]:
    merged = merge_alike({mask(shape(line.encode()).decode()) for line in lines})
    return {shown(text) for text in merged.values()}


def test_many_words_at_a_place_are_values_and_few_are_statements() -> None:
    assert templates(f"login of {name} failed" for name in NAMES[:MANY]) == {"login of <*> failed"}
    assert len(templates(f"login of {name} failed" for name in NAMES[: MANY - 1])) == MANY - 1


def test_the_first_word_stays_longer_than_others() -> None:
    assert len(templates(f"{name} was started now" for name in NAMES)) == len(NAMES)


def test_a_word_beside_a_value_is_a_value() -> None:
    lines = ("no route to host h17 found", "no route to host gateway found")
    assert templates(lines) == {"no route to host <*> found"}


def test_literals_beside_a_value_stay() -> None:
    assert len(templates(("set owner to null now", "set owner to u17 now"))) == 2


def test_three_words_that_recur_elsewhere_are_values() -> None:
    opened = [f"session opened for {name}" for name in NAMES[:3]]
    closed = [f"session closed for {name}" for name in NAMES[:4]]
    assert len(templates(opened)) == 3
    assert templates(opened + closed) == {"session opened for <*>", "session closed for <*>"}


def test_values_behind_equals_signs_vary_together() -> None:
    lines = [f"lock taken tag={tag} owner={name}" for tag, name in zip(PLACES, NAMES, strict=True)]
    assert templates(lines) == {"lock taken tag=<*> owner=<*>"}


def test_two_words_that_vary_at_once_need_more_of_them() -> None:
    lines = [f"moved {name} to {place} today" for name, place in zip(NAMES, PLACES, strict=True)]
    assert templates(lines) == {"moved <*> to <*> today"}
    assert len(templates(lines[: MANY_AT_ONCE - 1])) == MANY_AT_ONCE - 1


def test_states_from_which_and_to_which_stay() -> None:
    states = (*NAMES, "kim")
    lines = [f"task went from {a} to {b}" for a, b in pairwise(states)]
    assert len(templates(lines)) == len(lines)


def test_lists_of_any_length_are_one_template() -> None:
    lines = [f"deleted blocks {' '.join(f'b{n}' for n in range(count))}" for count in (1, 3, 9)]
    assert templates(lines) == {"deleted blocks <*>"}


WORDS = st.sampled_from(["open", "shut", "of", "null", "x1", "a=", '"q"', *NAMES[:6]])


@settings(deadline=None)
@given(st.lists(st.lists(WORDS, max_size=5).map(" ".join), max_size=40), st.randoms())
def test_the_order_of_masks_does_not_matter(lines: list[str], random: object) -> None:
    masks = [mask(shape(line.encode()).decode()) for line in lines]
    shuffled = list(masks)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert merge_alike(masks) == merge_alike(shuffled)


@settings(deadline=None)
@given(st.lists(st.lists(WORDS, max_size=5).map(" ".join), max_size=40))
def test_merging_again_changes_nothing(lines: list[str]) -> None:
    merged = set(merge_alike(mask(shape(line.encode()).decode()) for line in lines).values())
    assert all(text == into for text, into in merge_alike(merged).items())
