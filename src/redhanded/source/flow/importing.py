"""What an import that names no file of the program gives: a library."""

from __future__ import annotations

import re
from typing import Protocol

from redhanded.source.flow.values import Library

PACKAGE = re.compile(r"(@[\w.~-]+/)?[\w.~-]+")

PROMISES = frozenset(("bluebird", "any-promise", "native-promise-only", "pinkie-promise"))
"""Packages that are a `Promise`, with more methods."""


class Resolving(Protocol):
    """Finds the file behind an import (``resolving.Resolution``, ``reading.Files``)."""

    def resolve(self, specifier: str, importer: str) -> str | None: ...


class Unlinked:
    """Nothing is resolved: each file for itself."""

    def resolve(self, specifier: str, importer: str) -> str | None:
        return None


def library(specifier: str, is_python: bool) -> Library | None:
    """What an import of a library gives as a whole; None: a file that is not there."""
    if is_python:
        first, *rest = specifier.split(".")
        return Library(first, tuple(rest)) if first else None
    specifier = specifier.removeprefix("node:")
    if specifier in PROMISES:
        return Library("global", ("Promise",))
    match = PACKAGE.match(specifier)
    if not match or specifier.startswith((".", "/", "~", "@/")):
        return None
    rest = [one for one in specifier[match.end() :].split("/") if one]
    return Library(match[0], tuple(rest))
