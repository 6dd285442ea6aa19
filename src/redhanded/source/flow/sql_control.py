"""Statements and functions of SQL that are about no rows: transactions, locks, messages.

References: PostgreSQL manual, SET TRANSACTION, LOCK, NOTIFY, Advisory Lock Functions.
"""

from __future__ import annotations

import re
from typing import Any, cast

from sqlglot import exp

from redhanded.source.flow.effects import Effect, EffectKind
from redhanded.source.flow.sql_conditions import name_of, text_of, value_of
from redhanded.source.flow.values import Known, Value

_BEGIN = re.compile(r"(?:BEGIN|START\s+TRANSACTION)\b(.*)", re.IGNORECASE | re.DOTALL)
_ISOLATION = re.compile(
    r"ISOLATION\s+LEVEL\s+(SERIALIZABLE|REPEATABLE\s+READ|READ\s+(?:UN)?COMMITTED)", re.IGNORECASE
)
_SET_TRANSACTION = re.compile(r"SET\s+(?:LOCAL\s+|SESSION\s+)?TRANSACTION\b", re.IGNORECASE)
_END = re.compile(r"(COMMIT|END|ROLLBACK|ABORT)\b(?!.*\bSAVEPOINT\b)(?!\s+TO\b)", re.IGNORECASE)
_LOCK_TABLE = re.compile(r'LOCK\s+(?:TABLE\s+)?(?:ONLY\s+)?"?([\w.]+)"?', re.IGNORECASE)
_NOTIFY = re.compile(r'NOTIFY\s+"?(\w+)"?', re.IGNORECASE)
_NOTHING = re.compile(
    r"(?:SAVEPOINT|RELEASE|ROLLBACK\s+(?:WORK\s+|TRANSACTION\s+)?TO|SET|RESET|SHOW|LISTEN|UNLISTEN"
    r"|VACUUM|ANALYZE|EXPLAIN|PRAGMA|USE|DISCARD|DEALLOCATE|CHECKPOINT)\b",
    re.IGNORECASE,
)
_ADVISORY = re.compile(r"pg_(try_)?advisory_(xact_)?lock(_shared)?$")
_UNLOCK = re.compile(r"pg_advisory_unlock(_all|_shared)?$")
_HARMLESS = re.compile(
    r"(pg_|json|to_|array|string_|regexp|date|time|current_|set_config|txid|version|inet|hash"
    r"|gen_random|uuid|format$|setseed|unnest|generate|ts|plain|web|row_|st_|similarity|greatest|least)"
)


def database_effect(kind: str, verb: str, **more: Any) -> Effect:
    return Effect(kind=cast(EffectKind, kind), store="database", library="", verb=verb, **more)


def control(text: str) -> list[Effect]:
    """Transactions, table locks and settings, which need no grammar."""
    isolation = _ISOLATION.search(text)
    level = re.sub(r"\s+", " ", isolation[1].lower()) if isolation else ""
    if _SET_TRANSACTION.match(text):
        return [database_effect("begin", "SET TRANSACTION", isolation=level)]
    if (begin := _BEGIN.match(text)) and "$" not in begin[1]:
        return [database_effect("begin", "BEGIN", isolation=level)]
    if end := _END.match(text):
        word = "commit" if end[1].upper() in ("COMMIT", "END") else "rollback"
        return [database_effect(word, word.upper())]
    if lock := _LOCK_TABLE.match(text):
        return [database_effect("acquire", "LOCK TABLE", subject=name_of(lock[1]), lock="table")]
    if notify := _NOTIFY.match(text):
        return [database_effect("publish", "NOTIFY", subject=notify[1])]
    if _NOTHING.match(text):
        return [database_effect("statement", "nothing")]
    return []


def function_effects(call: exp.Expr, within: exp.Select) -> list[Effect]:
    """Functions that do something beside the rows: advisory locks, sequences, messages."""
    if call.find_ancestor(exp.Select) is not within or not isinstance(call, exp.Anonymous):
        return []
    name = str(call.this).lower()
    arguments = [text_of(one) for one in call.expressions]
    subject = ", ".join(arguments) or None
    key = value_of(call.expressions[0]) if call.expressions else None
    options: dict[str, Value] = {"key": key} if key is not None else {}
    if match := _ADVISORY.match(name):
        options["scope"] = Known("transaction" if match[2] else "session")
        if match[1]:
            options["try"] = Known(True)
        return [database_effect("acquire", name, subject=subject, lock="advisory", options=options)]
    if name in ("get_lock", "release_lock"):
        kind = "acquire" if name == "get_lock" else "release"
        return [database_effect(kind, name, subject=subject, lock="advisory", options=options)]
    if _UNLOCK.match(name):
        return [database_effect("release", name, subject=subject, lock="advisory", options=options)]
    if name == "nextval":
        return [
            database_effect("identifier", name, subject=subject, options={"sequence": Known(True)})
        ]
    if name == "pg_notify":
        channel = next(iter(call.expressions), None)
        name_or_text = channel.name if isinstance(channel, exp.Literal) else subject
        return [database_effect("publish", name, subject=name_or_text)]
    if _HARMLESS.match(name) or (within.args.get("from_") is not None and not _is_source(call)):
        return []
    return [database_effect("statement", name, options={"text": Known(text_of(within)[:400])})]


def _is_source(call: exp.Expr) -> bool:
    return isinstance(call.parent, exp.Table)
