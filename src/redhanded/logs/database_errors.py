"""What a database said in an error: SQLSTATE, constraint, table, key."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from redhanded.logs.record import Scalar


@dataclass(frozen=True, slots=True, kw_only=True)
class DatabaseError:
    """The parts of a PostgreSQL error that a log shows; None for what it does not."""

    sqlstate: str | None = None
    constraint: str | None = None
    table: str | None = None
    detail: str | None = None
    """e.g. ``Key (a)=(b) already exists.``"""


_NAME = r"\\{0,3}[\"“](?P<name>[^\"”\\]+)"
_MESSAGES: tuple[tuple[str, re.Pattern[str], str | None], ...] = tuple(
    (sqlstate, re.compile(pattern, re.IGNORECASE), what)
    for sqlstate, pattern, what in (
        ("23505", rf"duplicate key value violates unique constraint(?: {_NAME})?", "constraint"),
        (
            "23505",
            r"Unique constraint failed on the (?:fields?|constraint)(?:: `(?P<name>[\w.$-]+)`)?",
            "constraint",
        ),
        ("23503", rf"violates foreign key constraint(?: {_NAME})?", "constraint"),
        ("23514", rf"violates check constraint(?: {_NAME})?", "constraint"),
        ("23P01", rf"violates exclusion constraint(?: {_NAME})?", "constraint"),
        ("23502", r"null value in column .{1,80}? violates not-null constraint", None),
        ("40P01", r"deadlock detected", None),
        ("40001", r"could not serialize access|restart transaction|serialization failure", None),
        ("55P03", r"could not obtain lock|canceling statement due to lock timeout", None),
        ("57014", r"canceling statement due to (?:statement timeout|user request)", None),
        ("25P02", r"current transaction is aborted", None),
        ("25P03", r"idle-in-transaction timeout", None),
        ("53300", r"too many connections|remaining connection slots|too many clients", None),
        ("57P01", r"terminating connection due to administrator command", None),
        ("08006", r"server closed the connection unexpected|connection terminated unexp", None),
        ("42P01", rf"relation {_NAME}\\{{0,3}}[\"”] does not exist", "table"),
        ("42703", r"column .{1,80}? does not exist", None),
        ("42P07", rf"relation {_NAME}\\{{0,3}}[\"”] already exists", "table"),
        ("42501", r"permission denied for", None),
        ("22001", r"value too long for type", None),
        ("22003", r"out of range for type|integer out of range", None),
        ("22P02", r"invalid input (?:syntax|value) for", None),
        ("22012", r"division by zero", None),
    )
)  # fmt: skip
_RELATION = re.compile(
    r"(?:insert or update|update or delete|new row|of relation|on table|for relation)"
    r"(?: on table| for relation)? \\{0,3}[\"“](?P<name>[^\"”\\]+)",
    re.IGNORECASE,
)
_IN_STATEMENT = re.compile(
    r"\b(?:INSERT INTO|UPDATE|DELETE FROM)\s+\\{0,3}\"?(?P<name>[A-Za-z_][\w.]*)", re.IGNORECASE
)
_CODE = re.compile(
    r"(?:sqlstate|pgcode|sqlState|\bcode)(?:\\{0,3}[\"'])?\s*[:=\[(]?\s*(?:\\{0,3}[\"'])?"
    r"(?P<code>[0-9][0-9A-Z][0-9A-Z]{3}|XX\d{3}|P0\d{3}|HV\d{3}|F0\d{3})\b",
    re.IGNORECASE,
)
_DETAIL = re.compile(r"Key \\{0,3}\"?\([^)]*\)=\([^)]*\)[^.\"\\\n]*\.?")
_PRISMA = {
    "P2002": "23505",
    "P2003": "23503",
    "P2004": "23514",
    "P2011": "23502",
    "P2034": "40001",
}
"""Prisma's own codes, which look like SQLSTATEs and are none."""
_PYTHON_CLASS = {
    "UniqueViolation": "23505",
    "ForeignKeyViolation": "23503",
    "CheckViolation": "23514",
    "ExclusionViolation": "23P01",
    "NotNullViolation": "23502",
    "DeadlockDetected": "40P01",
    "SerializationFailure": "40001",
    "LockNotAvailable": "55P03",
    "QueryCanceled": "57014",
}


def database_error(text: str, fields: Mapping[str, Scalar]) -> DatabaseError:
    """The database's facts in a log entry, from its fields where a driver filled them (pg, psycopg,
    asyncpg, Sequelize's ``parent``) and else from the wording (English, as the server speaks)."""
    code, by_message = _by_message(text)
    names = ("code", "sqlstate", "pgcode", "sqlState", "originalCode")
    named = _field(fields, names, _is_sqlstate) or _PRISMA.get(_field(fields, names, bool) or "")
    spelled = _CODE.search(text)
    sqlstate = named or code or (spelled["code"].upper() if spelled else None) or _by_class(text)
    table = _field(fields, ("table", "table_name", "tableName"), _is_name)
    constraint = _field(fields, ("constraint", "constraint_name", "constraintName"), _is_name)
    detail = _field(fields, ("detail",), lambda value: True)
    written = _DETAIL.search(text)
    return DatabaseError(
        sqlstate=sqlstate,
        constraint=constraint or by_message.get("constraint"),
        table=(table or by_message.get("table") or _table(text)) if sqlstate else None,
        detail=detail or (written[0] if written else None),
    )


def _by_message(text: str) -> tuple[str | None, dict[str, str]]:
    for sqlstate, pattern, what in _MESSAGES:
        match = pattern.search(text)
        if match:
            name = match.groupdict().get("name")
            return sqlstate, {what: name} if what and name else {}
    return None, {}


def _by_class(text: str) -> str | None:
    return next((code for name, code in _PYTHON_CLASS.items() if name in text), None)


def _table(text: str) -> str | None:
    match = _RELATION.search(text) or _IN_STATEMENT.search(text)
    return match["name"].rpartition(".")[2] if match else None


def _field(
    fields: Mapping[str, Scalar], leaves: tuple[str, ...], good: Callable[[str], bool]
) -> str | None:
    """The deepest field of that name: the driver's own error sits inside the framework's."""
    found = [
        (name.count("."), value)
        for name, value in fields.items()
        if name.rpartition(".")[2] in leaves and isinstance(value, str) and value and good(value)
    ]
    return max(found)[1] if found else None


def _is_sqlstate(value: str) -> bool:
    whole = re.fullmatch(r"(?!P[1-9])[0-9A-Z]{2}[0-9A-Z]{3}", value)
    return whole is not None and any(map(str.isdigit, value))


def _is_name(value: str) -> bool:
    return bool(re.fullmatch(r"[\w.$-]{1,128}", value))
