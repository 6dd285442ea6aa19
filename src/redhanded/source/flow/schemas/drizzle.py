"""Tables of Drizzle.

Reference: https://orm.drizzle.team/docs/indexes-constraints.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from redhanded.case.evidence import Location
from redhanded.source.flow.schema import Column, Table, Unique
from redhanded.source.flow.schemas.changes import table_name
from redhanded.source.flow.schemas.evaluation import Evaluation
from redhanded.source.flow.schemas.lists import elements, text
from redhanded.source.flow.schemas.prisma import pushed_by
from redhanded.source.flow.schemas.program import belongs
from redhanded.source.flow.schemas.running import run
from redhanded.source.flow.schemas.tool import Models, last_call, sql_of, written
from redhanded.source.flow.schemas.walking import calls_of
from redhanded.source.flow.values import Computed, Known, Library, Made, Procedure, Record, Value

_TABLES = ("pgTable", "mysqlTable", "sqliteTable", "singlestoreTable", "table")
_COLUMN = "drizzle column"


def models(evaluation: Evaluation) -> Models:
    """Every ``pgTable(…)`` and its kin."""
    tables: list[Table] = []
    for module in evaluation.program.importing("drizzle-orm"):
        for call, function in calls_of(module):
            value = evaluation.at(call, module.path, function)
            called = last_call(value)
            if called is None or not isinstance(value, Library):
                continue
            if belongs(value.package, ("drizzle-orm",)) and _is_table(value, called[0]):
                table = _table(evaluation, value, called[1])
                tables += [table] if table is not None else []
    creates = pushed_by(evaluation, r"drizzle-kit\s+push", r"drizzle-kit\s+migrate")
    return Models(tool="drizzle", tables=tuple(tables), creates=creates if tables else None)


def _is_table(value: Library, called: str) -> bool:
    """``pgTable(…)``, ``pgSchema('x').table(…)``, and ``pgTableCreator(…)(…)``."""
    if called in _TABLES[:-1] or (called == "table" and "pgSchema" in value.names):
        return True
    return called == "" and any("TableCreator" in one for one in value.names)


@dataclass(slots=True, kw_only=True)
class _Said:
    at: Location
    columns: list[Column] = field(default_factory=list)
    uniques: list[Unique] = field(default_factory=list)
    checks: list[str] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)
    is_complete: bool = True


def _table(evaluation: Evaluation, value: Library, made: Made) -> Table | None:
    name = text(made.arguments[0]) if made.arguments else ""
    given = made.arguments[1] if len(made.arguments) > 1 else None
    if isinstance(given, Procedure):
        given = run(evaluation, given, (Library(value.package),))
    if not name or not isinstance(given, Record):
        return None
    said = _Said(at=made.location or Location(path="", line=0), is_complete=given.is_complete)
    names: dict[str, Value] = {}
    for attribute, one in given.parts.items():
        column = _column(attribute, one, said)
        names[attribute] = Library(_COLUMN, (column,))
    extra = made.arguments[2] if len(made.arguments) > 2 else None
    if isinstance(extra, Procedure):
        extra = run(evaluation, extra, (Record(names),))
        said.is_complete &= isinstance(extra, Record)
    for one in elements(extra):
        _constraint(one, said)
    if said.keys:
        key = Unique(columns=tuple(said.keys), said=("model",), location=said.at, is_primary=True)
        said.uniques.insert(0, key)
    return Table(
        name=table_name(_schema(value), name),
        columns=tuple(said.columns),
        uniques=tuple(said.uniques),
        checks=tuple(said.checks),
        models=(name,),
        location=said.at,
        is_complete=said.is_complete,
    )


def _schema(value: Library) -> str:
    for made in chain(value):
        if made[0] == "pgSchema" and made[1].arguments:
            return text(made[1].arguments[0])
    return ""


def chain(value: Value | None) -> Iterator[tuple[str, Made]]:
    """The calls of ``text('a').notNull().unique()``, in order."""
    if isinstance(value, Library):
        for place, one in enumerate(value.steps):
            if isinstance(one, Made) and place:
                before = value.steps[place - 1]
                yield (before if isinstance(before, str) else ""), one


def _column(attribute: str, value: Value, said: _Said) -> str:
    calls = list(chain(value))
    if not calls:
        said.is_complete = False
        return attribute
    kind, made = calls[0]
    at = made.location or said.at
    name = text(made.arguments[0]) if made.arguments else ""
    name = name or attribute
    facets = dict(calls[1:])
    default = facets.get("default") or facets.get("defaultNow") or facets.get("defaultRandom")
    first = default.arguments[0] if default is not None and default.arguments else None
    said.columns.append(
        Column(
            name=name,
            type=kind.lower(),
            default=(sql_of(first) or written(first)) if default is not None else "",
            attribute=attribute if attribute != name else "",
            is_nullable=not facets.keys() & {"notNull", "primaryKey"} and "serial" not in kind,
        )
    )
    if "primaryKey" in facets:
        said.keys.append(name)
    if "unique" in facets:
        unique = facets["unique"]
        given = text(unique.arguments[0]) if unique.arguments else ""
        said.uniques.append(
            Unique(columns=(name,), said=("model",), location=at, name=given or None)
        )
    return name


def _constraint(value: Value, said: _Said) -> None:
    calls = list(chain(value))
    if not calls:
        return
    kind, made = calls[0]
    at = made.location or said.at
    facets = dict(calls[1:])
    given = text(made.arguments[0]) if made.arguments else ""
    if kind == "primaryKey":
        options = made.arguments[0] if made.arguments else None
        if isinstance(options, Record) and "columns" in options.parts:
            said.keys += _columns(elements(options.parts["columns"]))
        else:
            said.keys += _columns(made.arguments)
    elif kind == "check":
        condition = sql_of(made.arguments[1]) if len(made.arguments) > 1 else None
        said.checks.append(f"CHECK ({condition or 'computed'})")
    elif kind in ("unique", "uniqueIndex"):
        on = facets.get("on") or facets.get("onOnly") or facets.get("using")
        columns = _columns(on.arguments) if on is not None else []
        where = facets.get("where")
        said_where = ""
        if where is not None and where.arguments:
            said_where = sql_of(where.arguments[0]) or "computed"
        if columns:
            said.uniques.append(
                Unique(
                    columns=tuple(columns),
                    said=("model",),
                    location=at,
                    name=given or None,
                    where=said_where,
                    holds_nulls="nullsNotDistinct" in facets,
                )
            )


def _columns(values: tuple[Value, ...]) -> list[str]:
    found: list[str] = []
    for one in values:
        if isinstance(one, Library) and one.package == _COLUMN:
            found.append(one.names[0])
        elif isinstance(one, Library | Computed):
            found.append(_expression(one))
    return [one for one in found if one]


def _expression(value: Value) -> str:
    """``sql`lower(${table.email})`` as ``lower(email)``."""
    called = last_call(value)
    inner = called[1].arguments[0] if called is not None and called[1].arguments else value
    if isinstance(inner, Computed):
        parts = [
            one.names[0]
            if isinstance(one, Library) and one.package == _COLUMN
            else str(one.value)
            if isinstance(one, Known)
            else ""
            for one in inner.operands
        ]
        return "".join(parts)
    return sql_of(inner) or ""
