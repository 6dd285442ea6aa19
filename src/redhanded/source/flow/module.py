"""A file in the one form: its functions, classes, imports and exports."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Literal

import msgspec

from redhanded.source.flow.form import Argument, Expression, Form, Statement


class Parameter(Form, frozen=True):
    """``target`` is a `Name` or a destructuring; ``variadic``: ``...x``, ``*x`` or ``**x``."""

    target: Expression
    default: Expression | None = None
    annotation: Expression | None = None
    variadic: Literal["", "*", "**"] = ""
    decorators: tuple[Expression, ...] = ()
    is_field: bool = False
    """TypeScript: ``constructor(private x: X)`` also sets ``this.x``."""


class Function(Form, frozen=True):
    """A function; the first one of a module is its top level."""

    name: str
    """Empty where it has none; for one given to a name or property, that."""
    parameters: tuple[Parameter, ...]
    body: tuple[Statement, ...]
    line: int
    end_line: int
    decorators: tuple[Expression, ...] = ()
    is_async: bool = False
    is_generator: bool = False
    parent: int = -1
    """The function it is written in."""
    owner: int = -1
    """The class it is a method of."""
    kind: Literal["", "static", "class", "get", "set", "constructor"] = ""
    returns: Expression | None = None
    """What it is annotated to give."""
    keeps_this: bool = False
    """An arrow function: ``this`` is that of the function it is written in; of the `owner`, where
    it is the value of a field."""


class Field(Form, frozen=True):
    """Of a class: ``name = value``, ``name: annotation``; with decorators in TypeScript."""

    name: str
    value: Expression | None
    line: int
    annotation: Expression | None = None
    decorators: tuple[Expression, ...] = ()
    is_static: bool = False


class Class(Form, frozen=True):
    """A class. Python class bodies also give nested classes (``class Meta``).

    A class inside an expression is bound by a `DefineClass` before the statement, under a name that
    no program can write if it has none. ``extends X<Y>``: Y is an argument named ``<>``.
    """

    name: str
    bases: tuple[Argument, ...]
    fields: tuple[Field, ...]
    methods: tuple[int, ...]
    classes: tuple[int, ...]
    line: int
    end_line: int
    decorators: tuple[Expression, ...] = ()
    parent: int = -1
    """The function it is written in."""
    implements: tuple[Expression, ...] = ()
    """TypeScript: the interfaces it says it has."""


class Type(Form, frozen=True):
    """TypeScript: a name for a type at the top of a file, an ``interface`` or ``type X = …``.

    ``value``: an annotation. Where it lists properties it is a `Mapping` of their types, None for
    plain ones; ``A & B`` and ``extends`` are an operation ``&``, ``typeof x`` is one on x.
    """

    name: str
    value: Expression
    line: int


class Import(Form, frozen=True):
    """A name bound to what another module gives.

    ``name``: the exported name; ``*`` the whole module as a namespace, ``default``, ``=`` what
    ``require`` gives. Python: ``import a.b`` is ``*`` of ``a`` bound to ``a`` (and of ``a.b`` with
    an empty ``local``), ``from .a import b`` is ``b`` of ``.a``, ``from a import *`` has the local
    name ``*``. ``function``: where it stands, 0 at the top.

    ``const x = require('m')`` is only this and no statement. A ``require`` or ``import()`` inside
    an expression stays a `Call` there, and is here without a ``local``.
    """

    specifier: str
    name: str
    local: str
    line: int
    function: int = 0
    is_type: bool = False
    """``import type``: nothing is loaded; the name is only good for annotations."""


class Export(Form, frozen=True):
    """What a file gives away. ``=`` for ``module.exports``; the assignment is a statement, too.

    With ``specifier``, what ``name`` of that module is (``*``: all); else the value. Python exports
    its top-level names without saying so, and has none of these.
    """

    exported: str
    value: Expression | None = None
    specifier: str = ""
    name: str = ""
    line: int = 0


class Note(Form, frozen=True):
    """A comment that speaks to redhanded: its text without the comment sign."""

    line: int
    text: str


class Module(Form, frozen=True):
    """A file."""

    path: str
    """Relative to the root, with forward slashes."""
    language: Literal["javascript", "typescript", "python"]
    functions: tuple[Function, ...]
    classes: tuple[Class, ...]
    imports: tuple[Import, ...]
    exports: tuple[Export, ...]
    notes: tuple[Note, ...] = ()
    damaged_at: int = 0
    """First line that could not be parsed; 0: all was. Nothing is known of that part."""
    called: tuple[str, ...] | None = None
    """The last names of all that may be called in it; None: not looked at."""
    types: tuple[Type, ...] = ()

    def may_call(self, names: Collection[str]) -> bool:
        """Whether a call of one of these may stand in it; then its functions are worth a look."""
        return self.called is None or not frozenset(names).isdisjoint(self.called)

    def gives(self, name: str) -> bool:
        """Whether one of its functions or exports has that name."""
        return any(one.name == name for one in self.functions) or any(
            one.exported == name for one in self.exports
        )

    def holds(self, marks: Mapping[str, re.Pattern[bytes]]) -> tuple[str, ...]:
        """Those of some marks that are written somewhere in it."""
        packed = msgspec.msgpack.encode(self)
        return tuple(one for one, pattern in marks.items() if pattern.search(packed))
