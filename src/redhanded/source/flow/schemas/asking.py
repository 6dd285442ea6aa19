"""What the tools ask of each module, so that their answer can be kept while that stays the same.

A file that a tool looks into counts whole: with any change of it the schema is read anew. Of most
files little is asked (what they import, whether they may call ``define``), and however they change,
the schema is the same as long as the answers are.
"""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any

import msgspec

from redhanded.source.flow.module import Import, Module
from redhanded.source.flow.schemas.program import MARKS

WHOLE = "whole"
"""Asked for: something that is as good as all of a file."""
SMALL = frozenset(("language", "imports"))
"""Parts that are compared by themselves; others only while they are empty."""

Answers = dict[str, bytes]
"""What was asked, in words, and the answer's hash."""


class Asked:
    """A module whose parts are handed out, and noted.

    Every tool asks every file of a tree, and to unpack a file takes longer than any of the answers:
    what is asked of all is taken out of it when it is unpacked first.
    """

    def __init__(self, path: str, module: Callable[[], Module], answers: Answers) -> None:
        self.path = path
        self._module = module
        self._answers = answers
        self._short: _Short | None = None

    def __getattr__(self, name: str) -> Any:
        value = getattr(self._in_short() if name in SMALL else self._module(), name)
        if name in SMALL or not value:
            self._answers[name] = _hash(value)
        else:
            self._answers[WHOLE] = b""
        setattr(self, name, value)  # asked for again, it is here
        return value

    def may_call(self, names: Collection[str]) -> bool:
        called = self._in_short().called
        found = called is None or not frozenset(names).isdisjoint(called)
        self._answers[" ".join(("may_call", *names))] = _hash(found)
        return found

    def gives(self, name: str) -> bool:
        return self._told(f"gives {name}")

    def holds(self, marks: Mapping[str, object]) -> tuple[str, ...]:
        found = self._in_short().holds
        self._answers["holds"] = _hash(found)
        return tuple(one for one in found if one in marks)

    def _in_short(self) -> _Short:
        if self._short is None:
            self._short = _in_short(self._module())
        return self._short

    def _told(self, question: str) -> bool:
        found = _ask(self._module(), question)
        self._answers[question] = _hash(found)
        return bool(found)


class _Short(msgspec.Struct, frozen=True, gc=False):
    """What is asked of all modules."""

    language: str
    imports: tuple[Import, ...]
    called: tuple[str, ...] | None
    holds: tuple[str, ...]


def _in_short(module: Module) -> _Short:
    called = module.called
    if called is not None:
        called = tuple([sys.intern(one) for one in called])  # most files call the same
    return _Short(module.language, module.imports, called, module.holds(MARKS))


class AskedModules(Mapping[str, Any]):
    """Modules by path, as `Asked`."""

    def __init__(self, modules: Mapping[str, Module]) -> None:
        self.answers: dict[str, Answers] = {}
        self._modules = modules
        self._made: dict[str, Asked] = {}

    def __getitem__(self, path: str) -> Any:
        made = self._made.get(path)
        if made is None:
            if path not in self._modules:
                raise KeyError(path)
            answers = self.answers[path] = {}
            made = self._made[path] = Asked(path, lambda: self._modules[path], answers)
        return made

    def __contains__(self, path: object) -> bool:
        return path in self._modules

    def __iter__(self) -> Iterator[str]:
        return iter(self._modules)

    def __len__(self) -> int:
        return len(self._modules)


def still(module: Module, answers: Answers) -> bool:
    """Whether a file that has changed would answer the same."""
    return WHOLE not in answers and all(
        _hash(_ask(module, question)) == answer for question, answer in answers.items()
    )


def _ask(module: Module, question: str) -> object:
    what, *names = question.split(" ")
    if what == "may_call":
        return module.may_call(names)
    if what == "gives":
        return module.gives(names[0])
    if what == "holds":
        return module.holds(MARKS)
    return getattr(module, what)


def _hash(value: object) -> bytes:
    return hashlib.blake2b(msgspec.msgpack.encode(value), digest_size=8).digest()
