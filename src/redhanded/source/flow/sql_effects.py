"""SQL in a program, with the values it is given, as effects."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import replace

from redhanded.source.flow.effects import Effect
from redhanded.source.flow.sql_known import statements
from redhanded.source.flow.sql_text import MARKED, SLOT, SqlText, texts
from redhanded.source.flow.values import Computed, Either, Input, Record, Unknown, Value


def sql_effects(
    text: Value,
    parameters: Value | None = None,
    *,
    library: str,
    session: Value | None = None,
    inline: Callable[[Value], Value | None] | None = None,
) -> tuple[Effect, ...]:
    """What a statement does, one effect per table that it reads or writes, in order.

    ``text``: what is executed; values in a template are parameters (or names, where a name has to
    stand). ``parameters``: a `Record` with the parts ``0``, ``1`` … or names; its single values
    where they are not known one by one. ``inline``: see `sql_text.texts`.

    The verb is SQL's own (``SELECT FOR UPDATE SKIP LOCKED``, ``INSERT ON CONFLICT DO NOTHING``).
    ``SET TRANSACTION ISOLATION LEVEL`` is a ``begin`` with the verb ``SET TRANSACTION``: it opens
    nothing, and gives the isolation of the transaction that is open. Options: ``columns`` as
    written, ``limit``, ``wait`` (``nowait``, ``skip locked``), ``returning``,
    ``select`` (INSERT … SELECT) with ``unless_exists`` (its table) and
    ``unless_any`` (any row of it), ``catalog`` (a look at the catalogue), ``if_not_exists``,
    ``set`` (a `Record` of what a conflict updates), ``constraint``; of an advisory lock ``key``,
    ``scope`` and ``try``. A column ``?`` of `Effect.where` is a condition that was not read. What
    cannot be read at all has the kind ``statement``.
    """
    found: dict[str, Effect] = {}
    ways = texts(text, parameters, inline)
    for one in ways:
        for effect in statements(one.text):
            # Two branches that differ in their values alone are one statement.
            bound = replace(_bound(effect, one), library=library, session=session)
            found.setdefault(repr(effect), bound)
    if not ways:
        unread = Effect(
            kind="statement", store="database", library=library, verb="SQL", session=session
        )
        return (unread,)
    return tuple(found.values())


def _bound(effect: Effect, text: SqlText) -> Effect:
    def names(of: Mapping[str, Value]) -> dict[str, Value]:
        return {MARKED.sub("?", column): _value(value, text) for column, value in of.items()}

    return replace(
        effect,
        subject=_subject(effect.subject, text),
        where=names(effect.where),
        ranges=names(effect.ranges),
        values=names(effect.values),
        options=names(effect.options),
    )


def _subject(subject: str | None, text: SqlText) -> str | None:
    """A lock's name is shown without the numbers of its parameters."""
    return None if subject is None else re.sub(r"\$\d+", "?", subject)


def _value(value: Value, text: SqlText) -> Value:
    if isinstance(value, Input) and value.source == SLOT:
        number = value.parts[0]
        if number.isdecimal() and 0 < int(number) <= len(text.slots):
            return text.slots[int(number) - 1]
        return Unknown(f"${number}")
    if isinstance(value, Computed):
        return Computed(value.operator, tuple(_value(one, text) for one in value.operands))
    if isinstance(value, Either):
        return Either(tuple(_value(one, text) for one in value.values))
    if isinstance(value, Record):
        return Record({name: _value(one, text) for name, one in value.parts.items()}, value.of)
    return value
