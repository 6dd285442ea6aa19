"""Kysely: queries are sent by ``execute`` and its kin.

Reference: kysely.dev/docs (examples for SELECT, INSERT, UPDATE, DELETE, transactions).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from redhanded.source.flow import form
from redhanded.source.flow.effects import Effect
from redhanded.source.flow.framework import Callback, CallSite, Meaning, Surroundings
from redhanded.source.flow.frameworks.built_query import BuiltQuery, columns_in
from redhanded.source.flow.frameworks.chain import Link, links
from redhanded.source.flow.frameworks.reading import (
    elements,
    function,
    gives,
    last_function,
    number,
    text,
)
from redhanded.source.flow.frameworks.table import LibraryTable
from redhanded.source.flow.sql_effects import sql_effects
from redhanded.source.flow.values import (
    Known,
    Library,
    Made,
    Procedure,
    Record,
    Stored,
    Unknown,
    Value,
)

SENDS = frozenset(["execute", "executeTakeFirst", "executeTakeFirstOrThrow", "stream"])
STARTS = {
    "selectFrom": "read",
    "insertInto": "insert",
    "replaceInto": "upsert",
    "updateTable": "update",
    "deleteFrom": "delete",
}


def _call(site: CallSite, around: Surroundings) -> Meaning | None:
    names = site.callee.names
    last = names[-1] if names else ""
    if last not in SENDS:
        return Meaning()
    chain = links(site.callee)
    if any(one.name == "sql" for one in chain):
        return _raw(site)
    start = next((at for at, one in enumerate(chain) if one.name in STARTS), None)
    if start is None:
        return _transaction(site, chain) if "transaction" in names else Meaning()
    query = BuiltQuery(site.callee.package, session=_session(site.callee))
    query.kind = STARTS[chain[start].name]  # type: ignore[assignment]
    query.verb = chain[start].name
    query.named(_given(chain[start], 0))
    for link in chain[start + 1 :]:
        _read(query, link, around)
    query.is_one = query.is_one or (last != "execute" and query.kind == "read")
    return Meaning(effects=query.effects())


def _session(callee: Library) -> Value | None:
    """The handle of a transaction that the chain begins with."""
    names = callee.names
    for place in range(len(names) - 1, 0, -1):
        if (
            names[place] == "()"
            and names[place - 1] == "execute"
            and "transaction" in names[:place]
        ):
            return Library(callee.package, callee.steps[: place + 1])
    return None


def _transaction(site: CallSite, chain: tuple[Link, ...]) -> Meaning | None:
    called, handle = last_function(site), gives(site)
    if called is None:
        return None
    level = next((text(_given(one, 0)) for one in chain if one.name == "setIsolationLevel"), None)
    effect = Effect(
        kind="begin",
        store="database",
        library=site.callee.package,
        verb="transaction",
        session=handle,
        isolation=level or "",
    )
    callback = Callback(function=called, arguments=(handle,), in_transaction=True, gives=True)
    return Meaning(effects=(effect,), callbacks=(callback,))


def _raw(site: CallSite) -> Meaning:
    """``sql`…`.execute(db)``."""
    steps = site.callee.steps[:-1]
    made = steps[-1] if steps else None
    given = made.arguments[0] if isinstance(made, Made) and made.arguments else Unknown()
    on = site.arguments[0] if site.arguments else None
    session = on if isinstance(on, Library) and "transaction" in on.names else None
    return Meaning(effects=sql_effects(given, library=site.callee.package, session=session))


def _given(link: Link, place: int) -> Value | None:
    arguments = link.made.arguments if link.made is not None else ()
    return arguments[place] if place < len(arguments) else None


def _read(query: BuiltQuery, link: Link, around: Surroundings) -> None:
    name, first = link.name, _given(link, 0)
    if name == "where":
        if function(first) is not None or _given(link, 2) is None:
            query.unread(None)
        else:
            query.compared(first, text(_given(link, 1)) or "?", _given(link, 2))
    elif name in ("values", "set"):
        second = _given(link, 1)
        if name == "set" and second is not None and text(first):
            query.values[text(first) or "?"] = _stored(second)
            return
        query.write(_object(first, around))
        query.values = {column: _stored(one) for column, one in query.values.items()}
    elif name in ("forUpdate", "forShare", "forNoKeyUpdate"):
        query.lock = "share" if name == "forShare" else "update"
    elif name in ("skipLocked", "noWait"):
        query.options["wait"] = Known("skip locked" if name == "skipLocked" else "nowait")
    elif name == "onConflict":
        _conflict(query, first, around)
    elif name == "ignore":
        query.conflict = "ignore"
    elif name == "orderBy":
        query.is_ordered = True
    elif name == "limit":
        query.is_one = number(first) == 1
    elif name.endswith("Join"):
        query.joined.append((text(first) or "?").partition(" ")[0])


def _object(value: Value | None, around: Surroundings) -> Value | None:
    """Values, also given by a function of the expression builder."""
    if not isinstance(value, Procedure):
        return value
    for one in _returns(value, around):
        found = around.evaluate(one, value.path, value.function)
        if isinstance(found, Record):
            return found
    return Unknown("values")


def _returns(value: Procedure, around: Surroundings) -> Iterator[form.Expression]:
    for statement in around.function_of(value).body:
        if isinstance(statement, form.Return) and statement.value is not None:
            yield statement.value


def _stored(value: Value) -> Value:
    """``sql`free - 1```, ``eb('free', '-', 1)``."""
    if isinstance(value, Library) and isinstance(value.steps[-1] if value.steps else None, Made):
        made = value.steps[-1]
        said = text(made.arguments[0]) if isinstance(made, Made) and made.arguments else None
        if said is not None and value.names[-2:-1] in (("sql",), ("raw",)):
            return Stored(said, columns_in(said))
    return value


def _conflict(query: BuiltQuery, value: Value | None, around: Surroundings) -> None:
    """``oc => oc.columns(['a', 'b']).doUpdateSet({…})`` is read as it is written."""
    query.conflict = "update"
    columns: list[str] = []
    if isinstance(value, Procedure):
        for one in _returns(value, around):
            for call in _calls(one):
                name = getattr(call.function, "name", "")
                if name == "doNothing":
                    query.conflict = "ignore"
                if name in ("column", "columns"):
                    given = around.evaluate(call.arguments[0].value, value.path, value.function)
                    named = elements(given) or (given,)
                    columns += [said for each in named if (said := text(each))]
    query.conflict_columns = tuple(columns)


def _calls(node: Any) -> Iterator[form.Call]:
    if isinstance(node, form.Call):
        yield node
        yield from _calls(node.function)
    elif isinstance(node, form.Attribute):
        yield from _calls(node.base)


FRAMEWORK = LibraryTable(name="kysely", packages=("kysely",), calls=_call)
