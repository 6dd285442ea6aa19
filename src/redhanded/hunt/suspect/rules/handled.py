"""What becomes of a run whose insert the database refuses."""

from __future__ import annotations

import re
from typing import Literal

from redhanded.hunt.suspect.rules.remembered import results_in
from redhanded.source.flow.events import Catcher, Event, Guard, Path
from redhanded.source.flow.values import (
    Computed,
    Either,
    Known,
    Library,
    Record,
    Result,
    Unknown,
    Value,
)

Handling = Literal["handled", "swallowed", "unhandled"]
"""``swallowed``: whatever goes wrong is passed over, a refused row as well."""

VIOLATIONS = re.compile(
    r"IntegrityError|Unique|Duplicate|Conflict|AlreadyExists|ConstraintError|ConstraintViolation",
    re.IGNORECASE,
)
"""In names of errors and of functions that ask for them."""
CODES = re.compile(
    r"\b(?:23505|P2002|1062|E?11000|1555|2067)\b|ER_DUP_ENTRY|SQLITE_CONSTRAINT|duplicate key"
    r"|unique",
    re.IGNORECASE,
)
"""PostgreSQL, Prisma, MySQL, MongoDB, SQLite: how a violated unique constraint is named."""
GENERAL = frozenset(
    [
        "QueryFailedError",
        "PrismaClientKnownRequestError",
        "DatabaseError",
        "DBAPIError",
        "SQLAlchemyError",
        "BaseError",
        "PostgresError",
        "Error",
        "Exception",
        "BaseException",
        "OperationalError",
        "*",
    ]
)
"""Errors that are violations among others."""


def violation(event: Event) -> Handling:
    """How a violated unique constraint of this insert ends, by the handlers around it."""
    for catcher in event.catchers:
        if not takes_violation(catcher):
            if takes_all(catcher) and catcher.outcome in ("goes on", "tries again"):
                return "swallowed"
            continue
        if catcher.outcome != "raises":
            return "handled"
        if _chosen(catcher):
            return "handled"
    return "unhandled"


def ends_run(event: Event) -> bool:
    """Whether a refused insert keeps the run from what comes after it."""
    for catcher in event.catchers:
        if takes_violation(catcher) or (takes_all(catcher) and not catcher.tests):
            return catcher.outcome in ("returns", "raises")
    return True


def takes_violation(catcher: Catcher) -> bool:
    """Whether the handler knows of violated constraints: by a type's name or by what it asks."""
    if any(VIOLATIONS.search(one) for one in catcher.types):
        return True
    return any(CODES.search(one) or VIOLATIONS.search(one) for one in said(catcher.tests))


def takes_all(catcher: Catcher) -> bool:
    """Whether it takes whatever goes wrong."""
    return not catcher.types or any(one in GENERAL for one in catcher.types)


def _chosen(catcher: Catcher) -> bool:
    """A handler that asks for the violation and raises another error in the end: what it does for
    a violation is its own branch (an answer ``409``, a second read), the rest is raised again."""
    return any(VIOLATIONS.search(one) for one in catcher.types) or bool(catcher.tests)


def in_aborted_transaction(path: Path, event: Event, catcher: Catcher) -> bool:
    """Whether the handler runs inside the transaction that the violation has aborted: in
    PostgreSQL every statement after it fails unless a savepoint was set before it."""
    if event.transaction is None:
        return False
    number = event.transaction.number
    if not 0 <= number < len(path.events):
        return False
    return catcher not in path.events[number].catchers


_REFUSALS = ("OperationalError", "IntegrityError", "DatabaseError", "InternalError", "DataError")
"""Errors that the database itself answers a statement with."""


def is_refusal(guard: Guard) -> bool:
    """Whether a condition says that the database has refused a statement."""
    test = guard.test
    if not guard.holds or not isinstance(test, Computed) or test.operator != "raised":
        return False
    named = [str(one.value) for one in test.operands if isinstance(one, Known)]
    return bool(named) and all(one.endswith(_REFUSALS) for one in named)


def undone_in(guard: Guard) -> frozenset[int]:
    """Numbers of the events that have come to nothing where a condition says that something was
    raised: the only one that was tried, or all of which a database refused one, as the transaction
    of the others is aborted with it."""
    test, holds = guard.test, guard.holds
    while isinstance(test, Computed) and test.operator == "not":
        test, holds = test.operands[0], not holds
    if not holds or not isinstance(test, Computed) or test.operator != "raised":
        return frozenset()
    tried = results_in(test)
    return tried if is_refusal(guard) or len(tried) == 1 else frozenset()


def said(values: tuple[Value, ...], depth: int = 8) -> list[str]:
    """Texts and names that stand in values: literals, parts of results, unreadable text."""
    found: list[str] = []
    for one in values:
        _say(one, found, depth)
    return found


def _say(value: Value, found: list[str], depth: int) -> None:
    if depth == 0:
        return
    if isinstance(value, Known):
        found.append(str(value.value))
    elif isinstance(value, Unknown):
        found.append(value.text)
    elif isinstance(value, Library):
        found.append(".".join((value.package, *value.names)))
    elif isinstance(value, Result):
        found.extend(value.parts)
    elif isinstance(value, Computed):
        found.append(value.operator)
        for one in value.operands:
            _say(one, found, depth - 1)
    elif isinstance(value, Either):
        for one in value.values:
            _say(one, found, depth - 1)
    elif isinstance(value, Record):
        found.extend(value.parts)
        for one in value.parts.values():
            _say(one, found, depth - 1)
