"""The shape of one masked statement, whatever its verb."""

from __future__ import annotations

import logging
import re
from functools import lru_cache

import sqlglot
from sqlglot.errors import SqlglotError

from redhanded.lab.footprint import builtins
from redhanded.lab.footprint.masking import slot
from redhanded.lab.footprint.queries import read_query, resource_name
from redhanded.lab.footprint.shape import ANYTHING, AccessShape, Place, Shape, Transaction

# It warns on standard error about each statement that it cannot parse; those are read by us.
logging.getLogger("sqlglot").setLevel(logging.ERROR)


@lru_cache(maxsize=4096)
def read_statement(text: str) -> Shape:
    """What every statement with this masked text does. Never fails: what cannot be read may
    write anything."""
    words = _WORD.findall(text[:200])
    verb = words[0].upper() if words else ""
    second = words[1].upper() if len(words) > 1 else ""
    if verb in _QUERIES or text.startswith("("):
        return _query(text)
    if verb in _TRANSACTION:
        return _transaction(verb, second, words)
    if verb in _SILENT:
        return Shape(kind=verb)
    if reader := _READERS.get(verb):
        return reader(text, verb, second)
    return Shape(kind=verb or "UNKNOWN", accesses=(AccessShape(ANYTHING, "write"),))


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_NAME = r'(?:"(?:[^"]|"")+"|[A-Za-z_][\w$]*)'
_QUALIFIED = rf"({_NAME}(?:\s*\.\s*{_NAME})*)"
_WORD = re.compile(r"[A-Za-z_]+")
_QUERIES = frozenset({"SELECT", "INSERT", "UPDATE", "DELETE", "MERGE", "WITH", "VALUES", "TABLE"})
_SILENT = _words(
    """SET RESET SHOW LISTEN UNLISTEN DISCARD DEALLOCATE CLOSE CHECKPOINT ANALYZE VACUUM COMMENT
    GRANT REVOKE SECURITY PREPARE SAVEPOINT RELEASE REINDEX CLUSTER REASSIGN"""
)
_TRANSACTION: dict[str, tuple[str, Transaction]] = {
    "BEGIN": ("BEGIN", "begin"),
    "START": ("BEGIN", "begin"),
    "COMMIT": ("COMMIT", "commit"),
    "END": ("COMMIT", "commit"),
    "ROLLBACK": ("ROLLBACK", "rollback"),
    "ABORT": ("ROLLBACK", "rollback"),
}


def _transaction(verb: str, second: str, words: list[str]) -> Shape:
    if verb == "ROLLBACK" and "TO" in (word.upper() for word in words[1:3]):
        return Shape(kind="ROLLBACK TO")
    if second == "PREPARED":
        return Shape(kind=f"{verb} PREPARED", accesses=(AccessShape(ANYTHING, "write"),))
    kind, transaction = _TRANSACTION[verb]
    return Shape(kind=kind, transaction=transaction)


_PLACEHOLDER = re.compile(r"\$\d++(?=\S)")


def _query(text: str) -> Shape:
    # sqlglot takes what stands between the dollars of "$1,$2" for the tag of a dollar quote.
    apart = _PLACEHOLDER.sub(lambda found: f"{found[0]} ", text)
    try:
        trees = sqlglot.parse(apart, dialect="postgres")
    except (SqlglotError, RecursionError):
        return _by_names(text)
    tree = trees[0] if len(trees) == 1 else None
    if tree is None or tree.key == "command":
        return _by_names(text)
    return read_query(tree)


def _by_names(text: str) -> Shape:
    """Fall-back for a query that sqlglot cannot parse: every name where a table may stand is read,
    and written if anything in the text writes."""
    verbs = [word.upper() for word in _WORD.findall(text)]
    verb = next((word for word in verbs if word in ("INSERT", "UPDATE", "DELETE", "MERGE")), "")
    tables = dict.fromkeys(_resource(name) for name in _sources(text))
    names = [name for name in tables if name]
    accesses = [AccessShape(name, "read") for name in names]
    if verb:
        accesses += [AccessShape(name, "write") for name in names]
        if not names:
            accesses.append(AccessShape(ANYTHING, "write"))
    locks = verb == "UPDATE" and verbs[0] == "SELECT"
    called = (name.lower() for name in _CALL.findall(text))
    return Shape(
        kind=verb if verb and not locks else "SELECT",
        target=names[0] if names else "",
        accesses=tuple(accesses),
        calls=tuple(dict.fromkeys(name for name in called if name.upper() not in _NOT_CALLS)),
    )


def _sources(text: str) -> list[str]:
    """Every name where a table may stand; a function may stand where rows come from."""
    return [changed or read for changed, read in _SOURCE.findall(text)]


_SOURCE = re.compile(
    rf"\b(?:(?:INTO|UPDATE|TABLE)\s+(?:ONLY\s+)?{_QUALIFIED}"
    rf"|(?:FROM|JOIN|USING)\s+(?:ONLY\s+)?{_QUALIFIED}(?![\w$\".])(?!\s*[.(]))",
    re.IGNORECASE,
)
_CALL = re.compile(r"(?<![\w$\".])([A-Za-z_][\w$]*(?:\.[A-Za-z_][\w$]*)?)\s*\(")
_NOT_CALLS = _words(
    """IN AND OR NOT VALUES ON WHERE AS OVER FILTER WITHIN USING SELECT FROM INTO BY HAVING CASE
    WHEN THEN ELSE BETWEEN LIKE ILIKE IS LIMIT OFFSET SET RETURNING UNION EXCEPT INTERSECT WITH
    MATERIALIZED LATERAL JOIN DISTINCT ROWS RANGE TABLESAMPLE CONFLICT KEY"""
)


def _resource(qualified: str) -> str:
    parts = [part.strip().strip('"') for part in re.findall(rf"{_NAME}", qualified)]
    return resource_name(parts[-2] if len(parts) > 1 else "", parts[-1])


def _create(text: str, verb: str, second: str) -> Shape:
    if found := _ROUTINE.match(text):
        return _routine(text, found)
    return _definition(text, verb, second)


def _routine(text: str, found: re.Match[str]) -> Shape:
    name = ".".join(part.strip().strip('"').lower() for part in found[2].split("."))
    after = _BODY.search(text)
    body = None if after is None else slot(after[1], is_string=True)
    language = _LANGUAGE.search(text)
    return Shape(
        kind=f"CREATE {found[1].upper()}",
        defines=name,
        body=None if body is None else Place(body),
        language=language[1].lower() if language else "sql",
    )


_ROUTINE = re.compile(
    rf"CREATE (?:OR REPLACE )?(FUNCTION|PROCEDURE) ({_NAME}(?:\s*\.\s*{_NAME})*)", re.IGNORECASE
)
_BODY = re.compile(r"\bAS\s+'(~\d+~)'", re.IGNORECASE)
_LANGUAGE = re.compile(r"\bLANGUAGE\s+\"?(\w+)", re.IGNORECASE)


def _definition(text: str, verb: str, second: str) -> Shape:
    """CREATE, ALTER, DROP: a write on the table that it names, if it names one."""
    found = _DEFINED.match(text) or _ON_TABLE.match(text)
    tables = []
    what = re.sub(r"^TEMP(ORARY)? ", "", text[len(verb) + 1 :], flags=re.IGNORECASE)
    kind = f"{verb} {what.partition(' ')[0].upper()}"
    if found:
        kind = f"{verb} {found['what'].upper()}"
        tables = [_resource(name) for name in re.findall(_QUALIFIED, found["names"])]
    accesses = [AccessShape(name, "write") for name in tables if name]
    if found and found["what"].upper() in ("TABLE", "VIEW"):
        accesses += [_defined(name) for name in tables if name]
    if found and " AS " in text.upper():
        accesses += [AccessShape(name, "read") for name in map(_resource, _sources(text))]
    return Shape(
        kind=kind,
        target=next((access.resource for access in accesses), ""),
        accesses=tuple(accesses),
    )


def _defined(resource: str) -> AccessShape:
    schema, _, name = resource.rpartition(".")
    row: tuple[tuple[str, Place | str], ...] = (("table_name", name),)
    if schema:
        row = (("table_schema", schema), *row)
    return AccessShape(builtins.DEFINITIONS, "write", row)


_DEFINED = re.compile(
    r"(?:CREATE|ALTER|DROP) (?:OR REPLACE )?(?:UNLOGGED |FOREIGN |MATERIALIZED |RECURSIVE )*"
    r"(?P<what>TABLE|VIEW) (?:IF (?:NOT )?EXISTS )?(?:ONLY )?"
    rf"(?P<names>{_NAME}(?:\s*[.,]\s*{_NAME})*)",
    re.IGNORECASE,
)
_ON_TABLE = re.compile(
    r"(?:CREATE|ALTER|DROP) (?:OR REPLACE )?(?:UNIQUE |CONSTRAINT )*"
    r"(?P<what>INDEX|TRIGGER|RULE|POLICY)\b.*?\bON (?:ONLY )?"
    rf"(?P<names>{_NAME}(?:\s*\.\s*{_NAME})*)",
    re.IGNORECASE,
)


def _do(text: str, verb: str, second: str) -> Shape:
    body = re.search(r"'(~\d+~)'", text)
    language = _LANGUAGE.search(text)
    index = None if body is None else slot(body[1], is_string=True)
    return Shape(
        kind="DO",
        body=None if index is None else Place(index),
        language=language[1].lower() if language else "plpgsql",
        accesses=() if index is not None else (AccessShape(ANYTHING, "write"),),
    )


def _call(text: str, verb: str, second: str) -> Shape:
    found = re.match(rf"CALL {_QUALIFIED}", text, re.IGNORECASE)
    name = found[1].replace('"', "").replace(" ", "").lower() if found else ANYTHING
    return Shape(kind="CALL", calls=(name,))


def _lock(text: str, verb: str, second: str) -> Shape:
    named = re.sub(r"^LOCK (TABLE )?|\bONLY\b| IN .* MODE| NOWAIT$", "", text, flags=re.IGNORECASE)
    tables = [name for name in map(_resource, re.findall(_QUALIFIED, named)) if name]
    return _tables("LOCK", tables, "write", locks=True)


def _truncate(text: str, verb: str, second: str) -> Shape:
    rest = re.sub(
        r"^TRUNCATE (TABLE )?|\bONLY\b| (RESTART|CONTINUE) IDENTITY.*$| (CASCADE|RESTRICT)$",
        "",
        text,
        flags=re.IGNORECASE,
    )
    tables = [name for name in map(_resource, re.findall(_QUALIFIED, rest)) if name]
    return _tables("TRUNCATE", tables, "write", locks=True)


def _copy(text: str, verb: str, second: str) -> Shape:
    if inner := re.match(r"COPY \((.*)\) TO\b", text, re.IGNORECASE):
        query = read_statement(inner[1])
        return Shape(kind="COPY", target=query.target, accesses=query.accesses, calls=query.calls)
    found = re.match(rf"COPY {_QUALIFIED}(?:\s*\([^)]*\))? (FROM|TO)\b", text, re.IGNORECASE)
    if not found:
        return Shape(kind="COPY", accesses=(AccessShape(ANYTHING, "write"),))
    access = "write" if found[2].upper() == "FROM" else "read"
    return _tables("COPY", [_resource(found[1])], access)


def _inner(text: str, verb: str, second: str) -> Shape:
    """EXPLAIN and DECLARE carry a query; EXPLAIN runs it only with ANALYZE."""
    start = re.search(r"\b(SELECT|INSERT|UPDATE|DELETE|MERGE|WITH|VALUES)\b", text, re.IGNORECASE)
    if start is None or (verb == "EXPLAIN" and "ANALY" not in text[: start.start()].upper()):
        return Shape(kind=verb)
    query = read_statement(text[start.start() :])
    return Shape(
        kind=verb,
        target=query.target,
        accesses=query.accesses,
        locks=query.locks,
        calls=query.calls,
    )


def _fetch(text: str, verb: str, second: str) -> Shape:
    return Shape(kind=verb, accesses=(AccessShape(ANYTHING, "read"),))


def _notify(text: str, verb: str, second: str) -> Shape:
    row = (("name", second.lower()),)
    return Shape(
        kind="NOTIFY",
        target=builtins.CHANNEL,
        accesses=(AccessShape(builtins.CHANNEL, "write", row),),
    )


def _refresh(text: str, verb: str, second: str) -> Shape:
    named = re.sub(r"^REFRESH MATERIALIZED VIEW (CONCURRENTLY )?", "", text, flags=re.IGNORECASE)
    found = re.match(_QUALIFIED, named)
    view = _resource(found[1]) if found else ANYTHING
    return Shape(
        kind="REFRESH",
        target=view,
        accesses=(AccessShape(ANYTHING, "read"), AccessShape(view, "write")),
    )


def _tables(kind: str, tables: list[str], access: str, locks: bool = False) -> Shape:
    names = [name for name in tables if name]
    return Shape(
        kind=kind,
        target=names[0] if names else "",
        accesses=tuple(
            AccessShape(name, "write" if access == "write" else "read") for name in names
        ),
        locks=tuple(names) if locks else (),
    )


_READERS = {
    "CREATE": _create,
    "ALTER": _definition,
    "DROP": _definition,
    "DO": _do,
    "CALL": _call,
    "LOCK": _lock,
    "TRUNCATE": _truncate,
    "COPY": _copy,
    "EXPLAIN": _inner,
    "DECLARE": _inner,
    "FETCH": _fetch,
    "MOVE": _fetch,
    "NOTIFY": _notify,
    "REFRESH": _refresh,
}
