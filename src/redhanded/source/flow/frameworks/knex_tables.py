"""Knex: what is said of tables themselves, and inserts that look and add in one statement.

Reference: knexjs.org/guide/schema-builder.html, knexjs.org/guide/query-builder.html#insert
"""

from __future__ import annotations

from collections.abc import Iterator

from redhanded.source.flow import form
from redhanded.source.flow.effects import Effect
from redhanded.source.flow.framework import CallSite, Surroundings
from redhanded.source.flow.frameworks.built_query import BuiltQuery
from redhanded.source.flow.frameworks.reading import argument, elements, function, pattern, text
from redhanded.source.flow.values import Known, Library, Made, Procedure, Unknown, Value
from redhanded.source.flow.walking.looking import inside

CATALOGUE = frozenset(["hasTable", "createTable", "createTableIfNotExists"])


def of_table(site: CallSite, method: str, session: Value | None) -> Effect:
    """``schema.hasTable(name)``, ``schema.createTable(name, …)``."""
    name = argument(site, 0)
    if method == "hasTable":
        return Effect(
            kind="read",
            store="database",
            library=site.callee.package,
            verb=method,
            subject="tables",
            where={"table_name": name if name is not None else Unknown("table")},
            session=session,
            options={"catalog": Known(True)},
        )
    is_careful = method == "createTableIfNotExists"
    return Effect(
        kind="statement",
        store="database",
        library=site.callee.package,
        verb="CREATE TABLE",
        subject=pattern(name),
        session=session,
        options={"if_not_exists": Known(True)} if is_careful else {},
    )


def unless_there(query: BuiltQuery, inner: Value, around: Surroundings) -> None:
    """``insert(function () { this.select(…).whereNotExists(…) })``: the look and the insert are one
    statement."""
    for name, argument_of in _called_in(inner, around):
        if name == "whereNotExists" and (asked := function(argument_of)) is not None:
            called = list(_called_in(asked, around))
            if not any(each.startswith(("where", "andWhere")) for each, _ in called):
                query.options["unless_any"] = Known(True)
            for each, given in called:
                said = BuiltQuery("")
                said.named(table_of(given))
                if each in ("from", "into", "table") and said.table in (query.table, "?"):
                    query.options["unless_exists"] = Known(query.table or "?")
                    query.options["select"] = Known(True)


def _called_in(inner: Value, around: Surroundings) -> Iterator[tuple[str, Value | None]]:
    """The methods that are called in a function, and the first of what each is given."""
    if not isinstance(inner, Procedure):
        return
    for one in inside(around.function_of(inner).body):
        if isinstance(one, form.Call) and isinstance(one.function, form.Attribute):
            given = one.arguments[0].value if one.arguments else None
            value: Value | None = None
            if isinstance(given, form.Lambda):
                value = Procedure(inner.path, given.function)
            elif given is not None:
                value = around.evaluate(given, inner.path, inner.function)
            yield one.function.name, value


def table_of(value: Value | None) -> Value | None:
    """``raw('?? (??)', [table, column])`` names a table."""
    if isinstance(value, Library) and value.names[-2:] == ("raw", "()"):
        last = value.steps[-1]
        given = last.arguments if isinstance(last, Made) else ()
        if len(given) > 1 and (text(given[0]) or "").startswith("??") and elements(given[1]):
            return elements(given[1])[0]
    return value
