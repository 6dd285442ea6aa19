"""``Column``, ``UniqueConstraint``, ``Index`` … of SQLAlchemy, in models as in migrations.

Reference: https://docs.sqlalchemy.org/en/20/core/constraints.html, core/metadata.html.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from redhanded.case.evidence import Location
from redhanded.source.flow.schema import Column, Said, Unique
from redhanded.source.flow.schemas.lists import text, texts
from redhanded.source.flow.schemas.tool import is_true, last_call, sql_of, written
from redhanded.source.flow.values import Known, Library, Made, Value

PACKAGES = ("sqlalchemy", "flask_sqlalchemy", "sqlmodel", "sqlalchemy_utils", "geoalchemy2")
COLUMN = Library("column of this table")
"""What a column's name stands for within its class; the step is the column's name."""


@dataclass(slots=True, kw_only=True)
class Collected:
    """The parts of one table."""

    said: Said
    location: Location | None
    columns: dict[str, Column] = field(default_factory=dict)
    uniques: list[Unique] = field(default_factory=list)
    checks: list[tuple[str, str]] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)
    schema: str = ""
    is_complete: bool = True

    def finished(self) -> tuple[Unique, ...]:
        """The uniques, with the primary key."""
        if not self.keys:
            return tuple(self.uniques)
        key = Unique(
            columns=tuple(self.keys), said=(self.said,), location=self.location, is_primary=True
        )
        return (key, *self.uniques)


def collect(parts: Iterable[Value], into: Collected) -> None:
    """Adds what the arguments of ``Table``, ``create_table`` or ``__table_args__`` say."""
    for part in parts:
        called = last_call(part)
        if called is None:
            into.is_complete &= isinstance(part, Known) or text(part) != ""
            continue
        name, made = called
        if name == "Column":
            add_column(made, "", into)
        elif name == "PrimaryKeyConstraint":
            into.keys = list(columns_of(made.arguments))
        else:
            add_constraint(name, made, into)


def add_constraint(name: str, made: Made, into: Collected) -> None:
    """One ``UniqueConstraint``, ``Index``, ``CheckConstraint`` or ``ExcludeConstraint``."""
    at = made.location or into.location
    given = text(made.keywords.get("name"))
    if name == "UniqueConstraint":
        columns = columns_of(made.arguments)
        if columns:
            into.uniques.append(
                Unique(
                    columns=columns,
                    said=(into.said,),
                    location=at,
                    name=given or None,
                    holds_nulls=holds_nulls(made),
                )
            )
    elif name == "Index" and is_true(made.keywords.get("unique")):
        unique = index_of(made, at, into.said)
        if unique is not None:
            into.uniques.append(unique)
    elif name == "CheckConstraint":
        condition = sql_of(made.arguments[0]) if made.arguments else None
        into.checks.append((given, f"CHECK ({condition or 'computed'})"))
    elif name == "ExcludeConstraint":
        said = ", ".join(written(one) for one in made.arguments)
        into.checks.append((given, f"EXCLUDE ({said})"))


def index_of(made: Made, at: Location | None, said: Said) -> Unique | None:
    """``Index(name, *columns, unique=True)``."""
    columns = columns_of(made.arguments[1:])
    if not columns:
        return None
    return Unique(
        columns=columns,
        said=(said,),
        location=at,
        name=text(made.arguments[0]) or None,
        where=where_of(made),
        holds_nulls=holds_nulls(made),
    )


def holds_nulls(made: Made) -> bool:
    """Whether rows without a value count as equal."""
    return is_true(made.keywords.get("postgresql_nulls_not_distinct"))


def where_of(made: Made) -> str:
    """The condition of a partial index."""
    for key in ("postgresql_where", "sqlite_where", "mssql_where"):
        if key in made.keywords:
            given = made.keywords[key]
            return sql_of(given) or written(given)
    return ""


def columns_of(parts: Iterable[Value]) -> tuple[str, ...]:
    """Names of columns; expressions as they are written."""
    found: list[str] = []
    for part in parts:
        if isinstance(part, Known):
            found += texts(part)
        elif isinstance(part, Library) and part.package == COLUMN.package:
            found.append(part.names[0])
        else:
            expression = sql_of(part)
            found.append(expression or written(part))
    return tuple(one for one in found if one)


def add_column(made: Made, attribute: str, into: Collected, *, annotated: str = "") -> None:
    """One ``Column(…)``, ``mapped_column(…)`` or ``Field(…)``; ``annotated``: the type that
    stands in the annotation."""
    keywords = made.keywords
    given = text(keywords.get("name")) or (text(made.arguments[0]) if made.arguments else "")
    name = given or attribute
    if not name:
        into.is_complete = False
        return
    kind, references, default = annotated, "", keywords.get("server_default")
    for part in (*made.arguments, *([keywords["type_"]] if "type_" in keywords else [])):
        called = last_call(part)
        if called is not None and called[0] == "ForeignKey":
            references = text(called[1].arguments[0] if called[1].arguments else None)
        elif isinstance(part, Library) and not (called and called[0] in ("Identity", "Sequence")):
            named = [one for one in part.names if one != "()"]
            kind = kind if called and called[0] == "CheckConstraint" else (named or [kind])[-1]
    for key in ("foreign_key",):
        references = references or text(keywords.get(key))
    is_primary = is_true(keywords.get("primary_key"))
    nullable = keywords.get("nullable")
    into.columns[name] = Column(
        name=name,
        type=kind.lower(),
        default=written(default if default is not None else keywords.get("default")),
        attribute=attribute if attribute != name else "",
        is_nullable=is_true(nullable) if isinstance(nullable, Known) else not is_primary,
        references=references.rsplit(".", 1)[0] if "." in references else references,
    )
    at = made.location or into.location
    if is_primary and name not in into.keys:
        into.keys.append(name)
    if is_true(keywords.get("unique")):
        into.uniques.append(Unique(columns=(name,), said=(into.said,), location=at))
