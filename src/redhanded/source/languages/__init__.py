"""The programming languages that can be read: one file each, one row here."""

from __future__ import annotations

from typing import Protocol

from tree_sitter import Node, Tree

from redhanded.source.languages import javascript, typescript


class Language(Protocol):
    """A grammar, and the pattern that finds what the outline of a file is made of."""

    @property
    def name(self) -> str: ...

    @property
    def suffixes(self) -> tuple[str, ...]:
        """File name endings, with the dot."""
        ...

    def parse(self, source: bytes, suffix: str) -> Tree:
        """A tree for any input; what is not understood stands in it as an error node."""
        ...

    def outline(self, tree: Tree, suffix: str) -> dict[str, list[Node]]:
        """Nodes by role: function, class, scope, call, declarator, import, export, assign, return,
        enum."""
        ...


LANGUAGES: tuple[Language, ...] = (javascript.LANGUAGE, typescript.LANGUAGE)


def language_of(suffix: str) -> Language | None:
    """The language of files that end so."""
    return next((one for one in LANGUAGES if suffix in one.suffixes), None)
