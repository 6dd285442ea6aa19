"""What is known of a package that is read as a library: from its own files alone, nothing of who
uses it.

Methods of things that it is handed are found by their names, where one class of the package alone
has a method of that name, or where the thing is named as the class is (``job`` and ``Job``).
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property
from typing import TYPE_CHECKING

from redhanded.source.flow.form import Expression
from redhanded.source.flow.mattering import WEAK
from redhanded.source.flow.values import (
    Computed,
    Either,
    Input,
    Kind,
    Procedure,
    Record,
    Result,
    Unknown,
    Value,
)
from redhanded.source.flow.walking import classes, injection
from redhanded.source.flow.walking.handed import Handed
from redhanded.source.flow.walking.prototypes import Prototypes
from redhanded.source.flow.walking.run import Run
from redhanded.source.flow.walking.touching import touching
from redhanded.source.flow.walking.used import last_name
from redhanded.source.flow.walking.words import words

if TYPE_CHECKING:
    from redhanded.source.flow.program import Program

EVERYWHERE = words(
    "on once emit off then catch get set add push write end close open start stop run call apply"
    " bind next done log info warn error debug toString toJSON inspect format parse send update"
)
"""Names of methods that say nothing of whose they are."""

CLIENTS = frozenset(
    (
        *("ioredis", "node-redis", "redis-py", "pg", "knex", "sequelize", "prisma", "mongoose"),
        *("typeorm", "drizzle", "kysely", "sqlalchemy", "python databases", "django orm"),
        *("ecmascript sql", "handed store"),
    )
)
"""Tables of what is a client itself. What another library gives is told by its use as well."""


class Opened:
    """A package as its files tell it."""

    def __init__(self, program: Program, package: str, declared: Iterable[str]) -> None:
        self.package = package
        self.prototypes = Prototypes(program)
        known = frozenset(one for each in program.frameworks for one in each.packages)
        clients = frozenset(
            one for each in program.frameworks if each.name in CLIENTS for one in each.packages
        )
        self.handed = Handed(program.modules(), declared, clients)
        self._program = program
        self._known = known - WEAK
        self._methods: dict[str, list[tuple[str, str, int]]] = {}
        """By name: the class, the file and the place of the class, or of the function where a
        prototype stands for a class (negative then, less one)."""
        for path, module in program.modules_by_path().items():
            for index, one in enumerate(module.classes):
                for place in one.methods:
                    name = module.functions[place].name
                    self._methods.setdefault(name, []).append((one.name, path, index))
            for each in self.prototypes.of(path).values():
                for name, place in each.methods.items():
                    self._methods.setdefault(name, []).append((each.name, path, -1 - place))

    @cached_property
    def touching(self) -> frozenset[tuple[str, int]]:
        """The functions that may lead to a store, by file and place."""
        return touching(self._program.modules(), self.handed, self._known)

    def method(self, run: Run, base: Expression, value: Value, name: str) -> Value | None:
        """The method that a call on something unknown means; None: it cannot be told."""
        if not _is_unknown(value):
            return None
        candidates = self._methods.get(name, [])
        said = last_name(base).strip("_").lower()
        named = [one for one in candidates if said and one[0].lower() == said]
        chosen = named or ([] if name in EVERYWHERE else candidates)
        if len(chosen) != 1 or said in ("super", "this", "self"):
            return None
        owner, path, index = chosen[0]
        if index < 0:
            receiver: Value = self.prototypes.object_of(path, owner)
            found = receiver.parts.get(name) if isinstance(receiver, Record) else None
            if isinstance(found, Procedure):
                return Procedure(found.path, found.function, receiver, found.closure)
            return found
        kind = classes.kind(self._program, path, index)
        instance = injection.instance(self._program, kind)
        return classes.own_member(run, kind, name, instance)

    def receiver_of(self, procedure: Procedure) -> Value | None:
        """The object whose method a function is, where a prototype says so."""
        owner = self.prototypes.owner(procedure.path, procedure.function)
        return None if owner is None else self.prototypes.object_of(procedure.path, owner)


def _is_unknown(value: Value) -> bool:
    if isinstance(value, Either):
        return all(_is_unknown(one) for one in value.values)
    if isinstance(value, Result):
        return not isinstance(value.of, Kind)
    return isinstance(value, Unknown | Input | Computed)
