"""Languages lowered to one form: one file each, one row here."""

from __future__ import annotations

from typing import Protocol

from redhanded.source.flow.languages import ecmascript, python
from redhanded.source.flow.module import Module


class Language(Protocol):
    """A language; ``lower`` depends on the bytes alone and never raises for what stands there."""

    @property
    def name(self) -> str: ...

    @property
    def suffixes(self) -> tuple[str, ...]:
        """File name endings, with the dot."""
        ...

    def lower(self, path: str, source: bytes) -> Module: ...


LANGUAGES: tuple[Language, ...] = (ecmascript.LANGUAGE, python.LANGUAGE)


def language_of(suffix: str) -> Language | None:
    """The language of files that end so."""
    return next((one for one in LANGUAGES if suffix in one.suffixes), None)
