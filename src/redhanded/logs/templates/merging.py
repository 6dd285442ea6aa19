"""Which words vary, learned from how masks differ: masks that differ in values only are merged.

Three looks at the same masks, in turns until none changes anything. Each asks how many different
words stand at a place while the rest of the line stays the same; few words mean that the program
says different things, many that it names different things (Brain, IPLoM and Drain rest on the same
observation). Depends on the set of masks alone: neither on their order nor on how often they came.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from itertools import combinations
from typing import NamedTuple

from redhanded.logs.templates.masks import VARIES, joined

Tokens = tuple[str, ...]
Blanks = dict[Tokens, set[int]]
"""Places of a mask that turned out to vary."""

MANY = 6
"""So many words at one place, everything else equal, are values; fewer are different statements.
At the first word, which is mostly the subject or the verb of the statement, ``MANY_FIRST``."""
MANY_FIRST = 16
MANY_AT_ONCE = 8
"""The same where several places vary at once, so that nothing else is equal."""
SHARED = 3
"""Two places with so many words in common hold the same kind of thing: values."""
BESIDE_VALUE = 2
"""Words that must stay before a word is merged with a value at its place."""

_TOKEN = re.compile(r'"[^"\x01]*"|\.\.+|(?:[^\s=:,;()\[\]{}"\'<>|.]|\.(?!\.))+|.', re.DOTALL)
_HELD = re.compile(r"(?<==)\w*[({\[]\x01[)}\]]")
_DELIMITERS = frozenset("=:,;()[]{}\"'<>| ")
_LITERALS = frozenset(("null", "None", "none", "nil", "true", "false"))
_DOTTED = re.compile(r"\w\.\w[^.]*\.\w")


def merge_alike(masks: Iterable[str]) -> dict[str, str]:
    """Each mask to what it is merged into: itself with ``VARIES`` at more places."""
    now = {text: _tokens(text) for text in masks}
    looks: tuple[Callable[[set[Tokens]], Blanks], ...] = (_values, _words, _several)
    place = 0
    while place < len(looks):
        blanks = looks[place](set(now.values()))
        place = 0 if blanks else place + 1
        if blanks:
            again = {tokens: _blanked(tokens, places) for tokens, places in blanks.items()}
            now = {text: again.get(tokens, tokens) for text, tokens in now.items()}
    return {text: "".join(tokens) for text, tokens in now.items()}


def _tokens(text: str) -> Tokens:
    """Words, values and delimiters; a quoted text without a value in it is one word."""
    return tuple(_TOKEN.findall(_HELD.sub(VARIES, text)))


def _blanked(tokens: Tokens, places: set[int]) -> Tokens:
    told = (VARIES if place in places else token for place, token in enumerate(tokens))
    return _tokens(joined("".join(told)))


def _is_word(token: str) -> bool:
    return token not in _DELIMITERS and token != VARIES and any(map(str.isalpha, token))


# What stands where a value is expected: behind "=", in quotes, dotted names.


def _values(masks: set[Tokens]) -> Blanks:
    """Compares masks that are equal but for such places, all of them at once."""
    alike: dict[Tokens, list[Tokens]] = defaultdict(list)
    for tokens in masks:
        alike[tuple(_without_value(tokens, place) for place in range(len(tokens)))].append(tokens)
    blanks: Blanks = {}
    for frame, group in alike.items():
        if len(group) < 2:
            continue
        places = {
            place
            for place, token in enumerate(frame)
            if not token and _vary({tokens[place] for tokens in group})
        }
        for tokens in group:
            _note(blanks, tokens, places)
    return blanks


def _without_value(tokens: Tokens, place: int) -> str:
    token = tokens[place]
    if token in _DELIMITERS:
        return token
    expected = (place and tokens[place - 1] in ("=", '"')) or token[0] == '"'
    return "" if expected or token == VARIES or _DOTTED.search(token) else token


def _vary(words: set[str]) -> bool:
    return len(words) >= MANY or (len(words) > 1 and VARIES in words)


def _note(blanks: Blanks, tokens: Tokens, places: Iterable[int]) -> None:
    changed = {place for place in places if tokens[place] != VARIES}
    if changed:
        blanks.setdefault(tokens, set()).update(changed)


# One place that differs, everything else equal.


class _Context(NamedTuple):
    """A mask without one of its words."""

    rest: int
    """Hash of all other tokens with their places."""
    place: int
    words_before: int
    words_beside: int


def _words(masks: set[Tokens]) -> Blanks:
    """Compares masks that are equal but for one place."""
    contexts = _contexts(masks)
    homes: dict[str, list[_Context]] = defaultdict(list)
    for context, group in contexts.items():
        if context.words_before and len(group) >= SHARED:
            for word in group:
                homes[word].append(context)
    blanks: Blanks = {}
    for context, group in contexts.items():
        if _varies_alone(context, set(group), homes):
            for tokens in group.values():
                _note(blanks, tokens, (context.place,))
    return blanks


def _contexts(masks: set[Tokens]) -> dict[_Context, dict[str, Tokens]]:
    """Contexts with at least two words, each to its masks by those words."""
    found: dict[_Context, dict[str, Tokens]] = {}
    by_length: dict[int, list[Tokens]] = defaultdict(list)
    for tokens in masks:
        by_length[len(tokens)].append(tokens)
    for length, group in by_length.items():
        beside: dict[_Context, dict[str, Tokens]] = defaultdict(dict)
        for tokens in group:
            for context, word in _places(tokens, length):
                beside[context][word] = tokens
        found.update((context, words) for context, words in beside.items() if len(words) > 1)
    return found


def _places(tokens: Tokens, length: int) -> Iterable[tuple[_Context, str]]:
    hashes = [hash((length, place, token)) for place, token in enumerate(tokens)]
    everything = sum(hashes)
    words = [_is_word(token) for token in tokens]
    total, before = sum(words), 0
    for place, token in enumerate(tokens):
        if token not in _DELIMITERS:
            rest = everything - hashes[place]
            yield _Context(rest, place, before, total - words[place]), token
            before += words[place]


def _varies_alone(context: _Context, words: set[str], homes: dict[str, list[_Context]]) -> bool:
    plain = words - {VARIES}
    if context.words_beside == 0:
        return False
    if context.words_before == 0:
        return len(plain) >= MANY_FIRST
    if len(plain) >= MANY:
        return True
    if VARIES in words and context.words_beside >= BESIDE_VALUE and not plain <= _LITERALS:
        return True
    if sum(1 for word in plain if _DOTTED.search(word)) > 1:
        return True
    if len(plain) < SHARED:
        return False
    elsewhere = Counter(home for word in plain for home in homes[word] if home != context)
    return any(count >= SHARED for count in elsewhere.values())


# Several places that differ at once.


def _several(masks: set[Tokens]) -> Blanks:
    """Splits masks of one build by the places with few words; what is left varies together."""
    builds: dict[Tokens, list[Tokens]] = defaultdict(list)
    for tokens in masks:
        first = next(filter(_is_word, tokens), "")
        build = tuple("" if _is_word(token) else token for token in tokens)
        builds[(first, *build)].append(tokens)
    blanks: Blanks = {}
    for group in builds.values():
        _split(group, blanks)
    return blanks


def _split(group: list[Tokens], blanks: Blanks) -> None:
    if len(group) < MANY_AT_ONCE:
        return
    columns = [set(column) for column in zip(*group, strict=True)]
    few = [
        (len(words), place) for place, words in enumerate(columns) if 1 < len(words) < MANY_AT_ONCE
    ]
    if few:
        _, place = min(few)
        for word in columns[place]:
            _split([tokens for tokens in group if tokens[place] == word], blanks)
        return
    varying = {place for place, words in enumerate(columns) if len(words) > 1}
    fixed = sum(1 for words in columns if len(words) == 1 and _is_word(next(iter(words))))
    if fixed < max(2, len(varying)) or _same_kind([columns[place] for place in varying]):
        return
    for tokens in group:
        _note(blanks, tokens, varying)


def _same_kind(columns: list[set[str]]) -> bool:
    """Whether two places mostly hold the same words: states, from which and to which."""
    return any(
        2 * len(one & other) >= min(len(one), len(other)) for one, other in combinations(columns, 2)
    )
