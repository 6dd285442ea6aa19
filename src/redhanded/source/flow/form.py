"""One form for the files of every language: statements and expressions, without syntax.

A language lowers a file to a `Module` (``module.py``, ``languages/``), which depends on the bytes
of that file alone and is therefore kept by their hash. Everything else knows no language.

Lines and columns count from 1. What a language cannot say in this form becomes `Other`, with the
expressions that stand in it; nothing is dropped, because a call in it still happens.
"""

from __future__ import annotations

from typing import Literal, TypeAlias

import msgspec


class Form(msgspec.Struct, frozen=True, array_like=True, tag=True, gc=False):
    """Anything of a file; written down as MessagePack arrays."""


# Expressions.


class Name(Form, frozen=True):
    """A variable; ``this`` and ``self`` keep their names."""

    name: str


class Constant(Form, frozen=True):
    """A literal; ``undefined`` and ``null`` are None."""

    value: str | int | float | bool | None


class Text(Form, frozen=True):
    """A template literal or f-string: its parts in order, written text as `Constant`."""

    parts: tuple[Expression, ...]


class Attribute(Form, frozen=True):
    """``base.name``, also ``base?.name`` and ``base['name']``."""

    base: Expression
    name: str


class Item(Form, frozen=True):
    """``base[key]`` with a key that is not written out."""

    base: Expression
    key: Expression


class Argument(Form, frozen=True):
    """Of a call. ``name``: a keyword argument, ``<>`` the type that is all a call is given.
    ``spread``: ``...x``, ``*x``, and ``**x``, which has the name ``**``."""

    value: Expression
    name: str | None = None
    spread: bool = False


class Call(Form, frozen=True):
    """A call, ``new``, or a tagged template (its only argument is then a `Text`).

    The line is the one that a stack trace shows: where the last name of the callee stands.
    """

    function: Expression
    arguments: tuple[Argument, ...]
    line: int
    column: int
    end_line: int
    new: bool = False
    tagged: bool = False


class Pair(Form, frozen=True):
    """Of a `Mapping`. ``key`` None: a spread; a computed key is an expression."""

    key: Expression | None
    value: Expression


class Mapping(Form, frozen=True):
    """An object or dict literal; as the target of an assignment, destructuring.

    In a target, a part with a default is an `Assigning`, and the rest a pair without key.
    """

    pairs: tuple[Pair, ...]


class Sequence(Form, frozen=True):
    """A list, tuple, set or array; as the target of an assignment, destructuring."""

    items: tuple[Expression, ...]


class Lambda(Form, frozen=True):
    """A function as a value: its index in `Module.functions`."""

    function: int


class Operation(Form, frozen=True):
    """An operator on its operands.

    One spelling for all languages: ``== != < <= > >= and or ?? not in is + - * / // % ** neg``
    ``typeof`` …; ``===`` is ``==``, ``is None`` is ``==`` with None, ``!x`` is ``not``.

    ``+ and or ??`` have two operands or more (``a + b + c`` three). ``,``: all happen, the last is
    the value. ``keys``: the names that ``for (k in x)`` goes over. ``void``: nothing is the value.
    ``type``: a value of the type that is its operand, an annotation.
    ``[:]``: of the first from the second (0 where it is left out) up to the third, if there is one.
    """

    operator: str
    operands: tuple[Expression, ...]


class Choice(Form, frozen=True):
    """``test ? then : other``."""

    test: Expression
    then: Expression
    other: Expression


class Await(Form, frozen=True):
    """``await value``; also a ``yield`` whose value is used (co, redux-saga)."""

    value: Expression


class Assigning(Form, frozen=True):
    """An assignment inside an expression; ``operator`` as in `Let`."""

    target: Expression
    value: Expression
    operator: str = ""


class Spread(Form, frozen=True):
    """``...value`` in a sequence."""

    value: Expression


class Comprehension(Form, frozen=True):
    """One element for each of what is iterated; nested ones are nested. What builds a dict has a
    `Spread` of each pair."""

    element: Expression
    target: Expression
    over: Expression
    conditions: tuple[Expression, ...]


class Other(Form, frozen=True):
    """Anything else: its text (at most 200 characters) and the expressions in it."""

    text: str
    parts: tuple[Expression, ...] = ()


Expression: TypeAlias = (
    Name
    | Constant
    | Text
    | Attribute
    | Item
    | Call
    | Mapping
    | Sequence
    | Lambda
    | Operation
    | Choice
    | Await
    | Assigning
    | Spread
    | Comprehension
    | Other
)


# Statements.


class Do(Form, frozen=True):
    """An expression whose value is dropped."""

    value: Expression
    line: int


class Let(Form, frozen=True):
    """An assignment. ``operator``: ``+`` of ``+=``; ``kind``: ``const``, ``let``, ``var`` or
    empty; in Python ``global`` or ``nonlocal`` where the name is declared so."""

    target: Expression
    value: Expression
    line: int
    operator: str = ""
    kind: str = ""
    annotation: Expression | None = None


class If(Form, frozen=True):
    """A condition; a ``switch`` or ``match`` becomes a chain of them."""

    test: Expression
    then: tuple[Statement, ...]
    other: tuple[Statement, ...]
    line: int


class Loop(Form, frozen=True):
    """``each`` (target in over), or ``while`` (over is the test; a C-like ``for`` is one, its
    first part before it and its last at the end of the body)."""

    kind: Literal["each", "while"]
    target: Expression | None
    over: Expression
    body: tuple[Statement, ...]
    line: int
    is_async: bool = False


class Handler(Form, frozen=True):
    """Of a `Try`; no types: it takes everything."""

    types: tuple[Expression, ...]
    target: Expression | None
    body: tuple[Statement, ...]
    line: int


class Try(Form, frozen=True):
    """``otherwise`` runs when the body did not raise."""

    body: tuple[Statement, ...]
    handlers: tuple[Handler, ...]
    otherwise: tuple[Statement, ...]
    final: tuple[Statement, ...]
    line: int


class Return(Form, frozen=True):
    """``yield`` is one with ``is_yield``; the function goes on after it."""

    value: Expression | None
    line: int
    is_yield: bool = False


class Raise(Form, frozen=True):
    """``throw`` and ``raise``; no value: what was caught is raised again."""

    value: Expression | None
    line: int


class Jump(Form, frozen=True):
    """``break`` or ``continue``."""

    kind: Literal["break", "continue"]
    line: int


class Managed(Form, frozen=True):
    """Of a `With`: the context manager and what it is bound to."""

    value: Expression
    target: Expression | None = None


class With(Form, frozen=True):
    """Python's ``with`` and ``async with``; ECMAScript's ``using``."""

    items: tuple[Managed, ...]
    body: tuple[Statement, ...]
    line: int
    is_async: bool = False


class Define(Form, frozen=True):
    """A named function is bound here: its index in `Module.functions`."""

    function: int
    line: int


class DefineClass(Form, frozen=True):
    """A class is bound here: its index in `Module.classes`."""

    index: int
    line: int


Statement: TypeAlias = (
    Do | Let | If | Loop | Try | Return | Raise | Jump | With | Define | DefineClass
)
