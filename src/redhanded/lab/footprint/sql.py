"""What a SQL statement reads, writes and locks.

The shape of a statement (its text without literals) is parsed once; each statement then only has
its values filled in. What cannot be read may write anything (resource ``*``).

Values are compared as text after a small normalisation (numbers, UUIDs, booleans, time stamps);
types whose equality is looser than that, such as ``citext``, are not known here.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from redhanded.case.operation import Access, Touch
from redhanded.lab.footprint import builtins
from redhanded.lab.footprint.catalogue import UNKNOWN, Catalogue
from redhanded.lab.footprint.masking import Masked, mask, unmask
from redhanded.lab.footprint.procedures import statements_of
from redhanded.lab.footprint.shape import ANYTHING, AccessShape, Place, Row, Shape, Transaction
from redhanded.lab.footprint.statements import read_statement

Values = tuple[str | None, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Footprint:
    """What one statement, or several sent together, does to the database."""

    kind: str
    """``SELECT``, ``INSERT``, ``BEGIN``, ``COMMIT``, ``CREATE TABLE`` …: the verb that counts,
    upper case. A data-modifying CTE counts for more than the SELECT around it, a function's
    write for more than the SELECT that calls it."""
    target: str
    """Main table, lower case, unquoted, without schema ``public``; empty if there is none."""
    access: Access
    """``write`` if anything is written or locked for writing."""
    fingerprint: str
    """The statement with values and literals replaced by ``?``, white space normalised."""
    accesses: tuple[tuple[str, Access, Row], ...] = ()
    """Resource, access and known columns of each thing touched; resource ``*`` is anything."""
    transaction: Transaction | None = None
    """Whether it opens or ends a transaction; None also if it opens and ends one."""
    locks: tuple[str, ...] = ()
    """Tables locked until the transaction ends (``FOR UPDATE``, ``LOCK TABLE``)."""

    def touches(self, service: str) -> tuple[Touch, ...]:
        """The same accesses as values of the named service."""
        return tuple(
            Touch(service=service, resource=resource, access=access, row=row)
            for resource, access, row in self.accesses
        )


def footprint(sql: str, values: Values = (), *, catalogue: Catalogue = UNKNOWN) -> Footprint:
    """What ``sql`` with its bound ``values`` (``$1`` first, as text; None is NULL) reads and
    writes. Several statements give one footprint. Never fails."""
    return footprints(((sql, values),), catalogue=catalogue)


def footprints(
    statements: Iterable[tuple[str, Values]], *, catalogue: Catalogue = UNKNOWN
) -> Footprint:
    """One footprint of several statements that are sent as one unit, in their order."""
    reader = _Reader(catalogue=catalogue, functions={})
    found = [reader.read(masked, values) for sql, values in statements for masked in mask(sql)]
    return found[0] if len(found) == 1 else _merge(found)


def fingerprint(statements: Iterable[str]) -> str:
    """That of a footprint of statements that are sent together, without the rest of it."""
    return "; ".join(unmask(part.text) for sql in statements for part in mask(sql))


@dataclass(slots=True)
class _Reader:
    """Reads the statements of one unit; a function made by one is known to the next."""

    catalogue: Catalogue
    functions: dict[str, tuple[str, str]]

    def read(self, masked: Masked, values: Values) -> Footprint:
        shape = read_statement(masked.text)
        result = _plain(shape, masked, values, self.catalogue)
        if shape.body is None and not shape.calls and self.catalogue.says_all:
            return result
        if shape.body is not None:
            result = self._with_body(result, shape, masked.literals[shape.body.index])
        for name in shape.calls:
            result = self._with_call(result, name, ())
        result = self._with_catalogue(result, ())
        return _with_access(result)

    def _with_body(self, outer: Footprint, shape: Shape, body: str) -> Footprint:
        printed = " ".join(unmask(part.text) for part in mask(body))
        outer = replace(outer, fingerprint=outer.fingerprint.replace("?", f"$$ {printed} $$", 1))
        if shape.defines is not None:
            self.functions[shape.defines] = (shape.language, body)
            return outer
        return self._absorb(outer, shape.language, body, ())

    def _with_call(self, outer: Footprint, name: str, callers: tuple[str, ...]) -> Footprint:
        routine = self.functions.get(name) or self.catalogue.function(name)
        if name in callers:
            return outer
        if routine is not None:
            return self._absorb(outer, *routine, (*callers, name))
        if self.catalogue.known or builtins.is_builtin(name):
            return outer
        return _add(outer, ((ANYTHING, "write", ()),))

    def _absorb(
        self, outer: Footprint, language: str, body: str, callers: tuple[str, ...]
    ) -> Footprint:
        """The footprint with what a body does added; the body's main verb becomes its own."""
        parts = statements_of(body, language)
        if parts is None:
            return _add(outer, ((ANYTHING, "write", ()),))
        inner: list[Footprint] = []
        for part in parts:
            shape = read_statement(part.text)
            found = _plain(shape, part, (), self.catalogue)
            for name in shape.calls:
                found = self._with_call(found, name, callers)
            inner.append(_with_access(found))
        if not inner:
            return outer
        merged = _merge(inner)
        taken = replace(
            outer,
            locks=tuple(dict.fromkeys((*outer.locks, *merged.locks))),
            kind=merged.kind if merged.access == "write" and merged.target else outer.kind,
            target=outer.target or merged.target,
        )
        return _add(taken, merged.accesses)

    def _with_catalogue(self, outer: Footprint, callers: tuple[str, ...]) -> Footprint:
        """Adds what triggers of the written tables and the queries of views do."""
        result = outer
        for resource, access, _row in outer.accesses:
            if access == "write":
                for name in self.catalogue.triggers.get(resource, ()):
                    changed = self._with_call(result, name, callers)
                    result = replace(changed, kind=outer.kind, target=outer.target)
            if query := self.catalogue.views.get(resource):
                result = _add(result, footprint(query, catalogue=self.catalogue).accesses)
        return result


def _plain(shape: Shape, masked: Masked, values: Values, catalogue: Catalogue) -> Footprint:
    """What the statement's own text says."""
    written = [item.resource for item in shape.accesses if item.access == "write"]
    return Footprint(
        kind=shape.kind,
        target=shape.target or (written[0] if written else ""),
        access="write" if written else "read",
        fingerprint=unmask(masked.text),
        accesses=_fill(shape.accesses, masked.literals, values, catalogue),
        transaction=shape.transaction,
        locks=shape.locks,
    )


def _fill(
    shapes: tuple[AccessShape, ...],
    literals: tuple[str, ...],
    values: Values,
    catalogue: Catalogue,
) -> tuple[tuple[str, Access, Row], ...]:
    """The accesses with their values, and what is checked for inserted rows: unique columns and
    the rows referred to."""
    found: dict[tuple[str, Access, Row], None] = {}
    for shape in shapes:
        row = tuple(_pairs(shape.columns, literals, values))
        found[shape.resource, shape.access, row] = None
        if shape.inserted:
            for columns in _checked(shape.resource, row, catalogue):
                found[shape.resource, "read", columns] = None
            for table, columns in _referred(shape.resource, row, catalogue):
                found[table, "read", columns] = None
    return tuple(found)


def _checked(resource: str, row: Row, catalogue: Catalogue) -> Iterator[Row]:
    """What an INSERT looks up before it writes: the unique columns it gives values to. A
    violation depends on nothing else, so two rows that differ in an unchecked column may still
    conflict. Without a catalogue each column may be unique by itself."""
    if not catalogue.known:
        yield from ((pair,) for pair in row)
        return
    known = dict(row)
    for columns in catalogue.unique.get(resource, ()):
        if not columns:
            yield ()
        elif all(column in known for column in columns):
            yield tuple((column, known[column]) for column in columns)


def _referred(resource: str, row: Row, catalogue: Catalogue) -> Iterator[tuple[str, Row]]:
    """The rows that an inserted row refers to; a NULL in a foreign key refers to none."""
    known = dict(row)
    for reference in catalogue.references.get(resource, ()):
        if all(column in known for column in reference.columns):
            values = [known[column] for column in reference.columns]
            yield reference.table, tuple(zip(reference.there, values, strict=True))


def _pairs(
    columns: tuple[tuple[str, Place | str], ...], literals: tuple[str, ...], values: Values
) -> Iterator[tuple[str, str]]:
    for name, place in columns:
        if isinstance(place, str):
            yield name, place
            continue
        position = place.index - 1 if place.parameter else place.index
        source: Sequence[str | None] = values if place.parameter else literals
        value = source[position] if 0 <= position < len(source) else None
        if value is not None:
            yield name, normal("-" + value if place.negative else value)


def normal(value: str) -> str:
    """The value in one of the spellings that PostgreSQL takes for equal."""
    if len(value) > 64 or not value:
        return value
    if value[0] in "0123456789+-.":
        if value.isdigit() and value[0] != "0":
            return value
        if _NUMBER.fullmatch(value):
            whole, _, fraction = value.lstrip("+").partition(".")
            sign = "-" if whole.startswith("-") else ""
            digits, fraction = whole.lstrip("-").lstrip("0") or "0", fraction.rstrip("0")
            return f"{sign}{digits}.{fraction}" if fraction else f"{sign}{digits}"
        if stamp := _STAMP.fullmatch(value):
            return _stamp(stamp)
    if _UUID.fullmatch(value):
        return value.lower()
    return _BOOLEANS.get(value, value)


_NUMBER = re.compile(r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)")
_UUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_STAMP = re.compile(r"(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d)(\.\d+)? ?(Z|[+-]\d\d(?::?\d\d)?)?")
_BOOLEANS: Mapping[str, str] = {
    "t": "true",
    "T": "true",
    "TRUE": "true",
    "f": "false",
    "F": "false",
    "FALSE": "false",
}


def _stamp(found: re.Match[str]) -> str:
    day, time, fraction, zone = found.groups()
    fraction = (fraction or "").rstrip("0").rstrip(".")
    zone = "Z" if zone in ("Z", "+00", "+00:00", "+0000") else zone or ""
    return f"{day} {time}{fraction}{zone}"


def _add(outer: Footprint, more: Iterable[tuple[str, Access, Row]]) -> Footprint:
    return replace(outer, accesses=tuple(dict.fromkeys((*outer.accesses, *more))))


def _with_access(outer: Footprint) -> Footprint:
    writes = any(access == "write" for _, access, _ in outer.accesses)
    if writes and not outer.target:
        named = (resource for resource, access, _ in outer.accesses if access == "write")
        return replace(outer, access="write", target=next(named))
    return replace(outer, access="write") if writes else outer


def _merge(parts: list[Footprint]) -> Footprint:
    """Several footprints as one: named after the first that writes, else the first that reads."""
    if not parts:
        return Footprint(kind="EMPTY", target="", access="read", fingerprint="")
    main = next(
        (part for part in parts if part.access == "write"),
        next((part for part in parts if part.accesses), parts[0]),
    )
    ends = [part.transaction for part in parts if part.transaction]
    closed = len(ends) > 1 and ends[0] == "begin" and ends[-1] != "begin"
    return Footprint(
        kind=main.kind,
        target=main.target,
        access=main.access,
        fingerprint="; ".join(part.fingerprint for part in parts),
        accesses=tuple(dict.fromkeys(item for part in parts for item in part.accesses)),
        transaction=None if closed or not ends else ends[-1],
        locks=tuple(dict.fromkeys(lock for part in parts for lock in part.locks)),
    )
