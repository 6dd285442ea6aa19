"""What models and migrations of Sequelize share: attributes, indexes, names.

Reference: https://sequelize.org/docs/v6/core-concepts/model-basics/,
https://sequelize.org/docs/v6/other-topics/indexes/.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from redhanded.case.evidence import Location
from redhanded.source.flow.schema import Column, Said, Unique
from redhanded.source.flow.schemas.changes import plain, table_name
from redhanded.source.flow.schemas.lists import elements, text
from redhanded.source.flow.schemas.tool import is_true, written
from redhanded.source.flow.values import Known, Library, Record, Value

Options = Mapping[str, Value]


def table_of(value: Value | None) -> str:
    """``'t'`` or ``{ tableName: 't', schema: 's' }``."""
    if isinstance(value, Record):
        return table_name(text(value.parts.get("schema")), text(value.parts.get("tableName")))
    return text(value)


@dataclass(slots=True, kw_only=True)
class Attributes:
    """What the attributes of a model or a new table say."""

    columns: list[Column] = field(default_factory=list)
    uniques: list[Unique] = field(default_factory=list)
    is_complete: bool = True


def attributes_of(
    value: Value | None,
    table: str,
    said: Said,
    at: Location,
    *,
    column_of: Callable[[str], str] = lambda name: name,
) -> Attributes:
    """``{ name: { type, unique, primaryKey, field, … } }``."""
    found = Attributes()
    if not isinstance(value, Record):
        found.is_complete = False
        return found
    found.is_complete = value.is_complete
    keys: list[str] = []
    named: dict[str, list[str]] = {}
    for attribute, facets in value.parts.items():
        parts = facets.parts if isinstance(facets, Record) else {"type": facets}
        if isinstance(facets, Record):
            found.is_complete &= facets.is_complete
        column = text(parts.get("field")) or column_of(attribute)
        found.columns.append(_column(column, attribute, parts))
        if is_true(parts.get("primaryKey")):
            keys.append(column)
        unique = parts.get("unique")
        name = text(unique)
        if isinstance(unique, Record):
            name = text(unique.parts.get("name"))
        if name:
            named.setdefault(name, []).append(column)
        elif isinstance(unique, Record) or is_true(unique):
            found.uniques.append(Unique(columns=(column,), said=(said,), location=at))
    if keys:
        key = Unique(columns=tuple(keys), said=(said,), location=at, is_primary=True)
        found.uniques.insert(0, key)
    for name, columns in named.items():
        found.uniques.append(Unique(columns=tuple(columns), said=(said,), location=at, name=name))
    return found


def _column(column: str, attribute: str, parts: object) -> Column:
    said: dict[str, Value] = dict(parts) if isinstance(parts, dict) else {}
    refers = said.get("references")
    target = (
        refers.parts.get("model", refers.parts.get("table"))
        if isinstance(refers, Record)
        else refers
    )
    nullable = said.get("allowNull")
    is_key = is_true(said.get("primaryKey"))
    return Column(
        name=column,
        type=type_of(said.get("type")),
        default=written(said.get("defaultValue")),
        attribute=attribute if attribute != column else "",
        is_nullable=bool(nullable.value) if isinstance(nullable, Known) else not is_key,
        references=table_of(target),
    )


def type_of(value: Value | None) -> str:
    """``DataTypes.STRING(40)`` as ``string``."""
    if isinstance(value, Library):
        named = [one for one in value.names if one != "()" and one.isupper()]
        return named[0].lower() if named else ""
    return text(value).lower()


def underscored(name: str) -> str:
    """``createdAt`` as ``created_at``."""
    return re.sub(r"(?<=[a-z\d])([A-Z])", r"_\1", name).lower()


def index_name(table: str, columns: Iterable[str]) -> str:
    """The name that Sequelize gives to an index without one."""
    return underscored("_".join([plain(table), *columns]))


def indexed(value: Value | None) -> tuple[str, ...]:
    """Columns of an index: names, ``{ name: 'a' }``, ``fn('lower', col('a'))``."""
    found: list[str] = []
    for one in elements(value):
        if isinstance(one, Record):
            named = one.parts.get("name", one.parts.get("attribute"))
            found.append(text(named))
        elif isinstance(one, Library):
            found.append(_function(one))
        else:
            found.append(text(one))
    return tuple(found) if all(found) else ()


def _function(value: Library) -> str:
    last = value.steps[-1] if value.steps else ""
    if isinstance(last, str):
        return ""
    name, *rest = last.arguments or (Known(""),)
    if "literal" in value.names:
        return text(name)
    if "col" in value.names:
        return text(name)
    inner = [_function(one) if isinstance(one, Library) else text(one) for one in rest]
    return f"{text(name).lower()}({', '.join(inner)})"


def condition_of(value: Value | None) -> str:
    """A ``where`` as text; empty for none."""
    if isinstance(value, Record):
        parts = [f"{key} = {written(one) or 'null'}" for key, one in value.parts.items()]
        return " AND ".join(parts) or "computed"
    return written(value)


def model_table(name: str, options: Options) -> str:
    """The table of a model."""
    given = text(options.get("tableName"))
    if not given:
        given = name if is_true(options.get("freezeTableName")) else plural(name)
        given = underscored(given) if is_true(options.get("underscored")) else given
    return table_name(text(options.get("schema")), given)


def usual_columns(options: Options, column_of: Callable[[str], str]) -> Iterator[Column]:
    """What the options add: times, the version of optimistic locking."""
    stamped = options.get("timestamps")
    if not (isinstance(stamped, Known) and stamped.value is False):
        names = ["createdAt", "updatedAt"]
        names += ["deletedAt"] if is_true(options.get("paranoid")) else []
        for attribute in names:
            given = options.get(attribute)
            if isinstance(given, Known) and given.value is False:
                continue
            name = text(given) or column_of(attribute)
            yield Column(name=name, type="date", attribute=attribute if attribute != name else "")
    version = options.get("version")
    if text(version) or is_true(version):
        name = text(version) or "version"
        yield Column(name=column_of(name), type="integer", default="0", is_version=True)


def indexes(
    options: Options,
    table: str,
    names: Mapping[str, str],
    column_of: Callable[[str], str],
    at: Location,
) -> Iterator[Unique]:
    """The unique ones of the option ``indexes``."""
    for one in elements(options.get("indexes")):
        parts = one.parts if isinstance(one, Record) else {}
        is_unique = is_true(parts.get("unique")) or text(parts.get("type")).lower() == "unique"
        fields = indexed(parts.get("fields"))
        if not is_unique or not fields:
            continue
        columns = tuple(
            names.get(each, column_of(each) if re.fullmatch(r"\w+", each) else each)
            for each in fields
        )
        yield Unique(
            columns=columns,
            said=("model",),
            location=at,
            name=text(parts.get("name")) or index_name(table, columns),
            where=condition_of(parts.get("where")),
        )


def plural(name: str) -> str:
    """English plural, by the common rules of the inflection package that Sequelize uses; a name
    that is one already stays."""
    irregular = {"person": "people", "child": "children", "man": "men", "woman": "women"}
    for one, many in irregular.items():
        if name.lower().endswith(one):
            return name[: -len(one)] + (many.capitalize() if name[-len(one)].isupper() else many)
    if re.search(r"(?i)(?:series|news|equipment|information|money|species|data|people)$", name):
        return name
    if re.search(r"(?:ss|us|is|x|z|ch|sh)$", name):
        return f"{name[:-2]}es" if name.endswith("is") else f"{name}es"
    if name.endswith("s"):
        return name
    if re.search(r"[^aeiou]y$", name):
        return name[:-1] + "ies"
    return name + "s"
