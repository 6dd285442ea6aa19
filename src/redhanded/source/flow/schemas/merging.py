"""What models say and what migrations leave, laid over each other."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace

from redhanded.source.flow.schema import Column, Table, Unique
from redhanded.source.flow.schemas.changes import plain
from redhanded.source.flow.schemas.state import Standing, State
from redhanded.source.flow.schemas.tool import Models


def merged(state: State, said: Iterable[Models]) -> dict[str, Table]:
    """All tables by name; the schema is left out where the rest of the name is enough."""
    tables = {one.name: _migrated(one) for one in state.tables.values()}
    created = {one.name for one in state.tables.values() if one.is_created}
    for models in said:
        for model in models.tables:
            name = _name(tables, model.name)
            known = tables.get(name)
            if known is None:
                tables[model.name] = model
                continue
            is_sure = name in created and known.is_complete and models.creates is None
            tables[name] = _laid_over(known, model, is_sure=is_sure)
    return shortened(tables)


def _migrated(one: Standing) -> Table:
    return Table(
        name=one.name,
        columns=tuple(one.columns.values()),
        uniques=tuple(one.uniques),
        checks=tuple(one.checks.values()),
        location=one.location,
        # Without its creation, what it was created with is not known.
        is_complete=one.is_complete and one.is_created,
    )


def _name(tables: dict[str, Table], name: str) -> str:
    """The name under which a model's table is known, if it is."""
    if name in tables:
        return name
    alike = [one for one in tables if one.lower() == name.lower()]
    alike = alike or [
        one
        for one in tables
        if plain(one).lower() == plain(name).lower() and ("." not in one or "." not in name)
    ]
    return alike[0] if len(alike) == 1 else name


def _renamed(known: Table, model: Table) -> Table:
    """The model with the names that the table has, where a naming strategy that was not seen made
    ``created_at`` of ``createdAt``."""
    there = {one.name.lower() for one in known.columns}
    names = {
        one.name: _snake(one.name)
        for one in model.columns
        if one.name.lower() not in there and _snake(one.name) in there
    }
    if not names:
        return model
    columns = tuple(
        replace(one, name=names[one.name], attribute=one.attribute or one.name)
        if one.name in names
        else one
        for one in model.columns
    )
    uniques = tuple(
        replace(one, columns=tuple(names.get(each, each) for each in one.columns))
        for one in model.uniques
    )
    return replace(model, columns=columns, uniques=uniques)


def _snake(name: str) -> str:
    return re.sub(r"(?<=[a-z\d])([A-Z])", r"_\1", name).lower()


def _laid_over(known: Table, model: Table, *, is_sure: bool) -> Table:
    model = _renamed(known, model)
    spelled = {one.name.lower(): one.name for one in model.columns}
    columns = {
        one.name.lower(): replace(one, name=spelled.get(one.name.lower(), one.name))
        for one in known.columns
    }
    for one in model.columns:
        columns[one.name.lower()] = _column(columns.get(one.name.lower()), one)
    uniques = [
        replace(one, columns=tuple(spelled.get(each.lower(), each) for each in one.columns))
        for one in known.uniques
    ]
    for unique in model.uniques:
        place = next((at for at, one in enumerate(uniques) if alike(one, unique)), None)
        if place is None:
            in_force = not is_sure or unique.is_primary
            uniques.append(replace(unique, is_in_force=in_force))
        elif "model" not in uniques[place].said:
            found = uniques[place]
            uniques[place] = replace(found, said=("model", *found.said))
    checks = (*known.checks, *(one for one in model.checks if one not in known.checks))
    return replace(
        known,
        columns=tuple(columns.values()),
        uniques=tuple(uniques),
        checks=checks,
        models=tuple(dict.fromkeys((*known.models, *model.models))),
        location=known.location or model.location,
        is_complete=known.is_complete and model.is_complete,
    )


def _column(known: Column | None, model: Column) -> Column:
    if known is None:
        return model
    return replace(
        known,
        type=known.type or model.type,
        default=known.default or model.default,
        attribute=model.attribute or known.attribute,
        is_version=known.is_version or model.is_version,
        references=known.references or model.references,
    )


def alike(one: Unique, other: Unique) -> bool:
    """The same columns, in any order and case, for all rows or for some."""
    return _columns(one) == _columns(other) and bool(one.where) == bool(other.where)


def _columns(one: Unique) -> frozenset[str]:
    return frozenset("".join(each.lower().split()).strip('"') for each in one.columns)


def shortened(tables: dict[str, Table]) -> dict[str, Table]:
    """By names without their schema, where that tells them apart."""
    names = [plain(one) for one in tables]
    found: dict[str, Table] = {}
    for name, table in tables.items():
        short = plain(name) if names.count(plain(name)) == 1 else name
        found[short] = replace(table, name=short)
    return found
