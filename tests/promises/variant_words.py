"""The words of a variant: every spelling of every phrase of the example, and what replaces it."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Vocabulary:
    """How one variant says things."""

    name: str
    settings: Mapping[str, Any]
    phrases: Mapping[str, str]
    """Every spelling of every phrase, and what stands in its place."""
    exact: tuple[str, ...]
    """What stands in the place of each exact pattern."""
    pattern: re.Pattern[str]

    def text(self, text: str) -> str:
        """``text`` in this variant's words."""
        return self.pattern.sub(self._renamed, text)

    def path(self, path: str) -> str:
        """A path in this variant's words; also the relative path of a ``require``."""
        return "/".join(self._segment(segment) for segment in path.split("/"))

    def _renamed(self, match: re.Match[str]) -> str:
        found = match.group()
        group = match.lastgroup or ""
        if group == "path":
            return found[0] + self.path(found[1:-1]) + found[-1]
        if group == "phrase":
            return self.phrases[found]
        return found if group == "keep" else self.exact[int(group.removeprefix("exact"))]

    def _segment(self, segment: str) -> str:
        segments: Mapping[str, str] = self.settings["segments"]
        stem, dot, suffix = segment.partition(".")
        if stem in segments and suffix in ("", "js"):
            return segments[stem] + dot + suffix
        return self.text(segment)


def read_vocabulary(path: Path) -> Vocabulary:
    """The vocabulary in a TOML file."""
    settings = tomllib.loads(path.read_text())
    phrases = dict(_spellings(settings["phrases"]))
    alternatives = [f"(?P<keep>{'|'.join(settings['keep'])})"]
    alternatives += [
        f"(?P<exact{index}>{given.removeprefix('(?m)')})"
        for index, given in enumerate(settings["exact"])
    ]
    alternatives.append(r"(?P<path>'\.{1,2}/[^'\s]*'|\"\.{1,2}/[^\"\s]*\")")
    alternatives.append(f"(?P<phrase>{_any_of(phrases)})")
    return Vocabulary(
        name=settings["name"],
        settings=settings,
        phrases=phrases,
        exact=tuple(settings["exact"].values()),
        # Nothing begins within a word of small letters: most of a log is passed over by this.
        pattern=re.compile(
            f"(?!(?<=[A-Za-z0-9])[a-z0-9])(?:{'|'.join(alternatives)})", re.MULTILINE
        ),
    )


def _spellings(phrases: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    plurals = {f"{given}s": f"{put}s" for given, put in phrases.items()}
    for given, put in (plurals | dict(phrases)).items():
        old, new = given.split(), put.split()
        for spell in (
            " ".join,
            "_".join,
            "-".join,
            lambda words: "_".join(words).upper(),
            lambda words: " ".join(words).capitalize(),
            lambda words: words[0] + "".join(map(str.capitalize, words[1:])),
            lambda words: "".join(map(str.capitalize, words)),
        ):
            yield spell(old), spell(new)


def _any_of(spellings: Iterable[str]) -> str:
    """A pattern for the longest of ``spellings`` that is not a part of a longer word."""
    upper = [one for one in spellings if one.isupper()]
    capital = [one for one in spellings if one[0].isupper() and not one.isupper()]
    small = [one for one in spellings if one[0].islower()]
    return "|".join(
        (
            f"(?<![A-Za-z])(?:{_tree(upper)})(?![A-Za-z])",
            f"(?<![A-Z])(?:{_tree(capital)})(?![a-z])",
            # The n of an escaped line break is no letter of a word.
            rf"(?<![a-zA-Z\\])(?:{_tree(small)})(?![a-z])",
        )
    )


def _tree(words: Iterable[str]) -> str:
    """A pattern for any of ``words``, by common beginnings: many times faster than a list."""
    tails: dict[str, list[str]] = {}
    for word in words:
        tails.setdefault(word[:1], []).append(word[1:])
    ends = tails.pop("", None) is not None
    branches = "|".join(
        re.escape(first) + (f"(?:{_tree(rest)})" if rest != [""] else "")
        for first, rest in sorted(tails.items())
    )
    return f"(?:{branches})?" if ends and branches else branches
