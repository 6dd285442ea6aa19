"""TypeORM's query builder.

Reference: typeorm.io, Select, Insert, Update and Delete using Query Builder (locking, ``orIgnore``,
``orUpdate``). Nothing is sent before ``getOne``, ``execute`` and the like.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from redhanded.source.flow.framework import CallSite, Meaning, Surroundings
from redhanded.source.flow.frameworks.built_query import BuiltQuery
from redhanded.source.flow.frameworks.chain import Link, links
from redhanded.source.flow.frameworks.reading import elements, members, text, words
from redhanded.source.flow.frameworks.typeorm_entities import (
    Entity,
    entity_of,
    read_lock,
    read_where,
    repository_entity,
    session_of,
    written,
)
from redhanded.source.flow.sql_effects import sql_effects
from redhanded.source.flow.values import Computed, Kind, Known, Library, Record, Value

SENDS: Mapping[str, str] = {
    "getOne": "row",
    "getOneOrFail": "row",
    "getMany": "rows",
    "getManyAndCount": "rows",
    "getRawOne": "raw",
    "getRawMany": "raw",
    "getRawAndEntities": "raw",
    "getCount": "count",
    "getExists": "exists",
    "execute": "raw",
    "stream": "raw",
}
ONE = words("getOne getOneOrFail getRawOne getCount getExists")


def is_builder(callee: Library) -> bool:
    return "createQueryBuilder" in callee.names[:-1]


def built(site: CallSite, around: Surroundings) -> Meaning:
    """What is sent at the end of a chain; nothing before."""
    method = site.callee.names[-1]
    if method not in SENDS:
        return Meaning()
    chain = links(site.callee)
    start = next(at for at, one in enumerate(chain) if one.name == "createQueryBuilder")
    entity = _entity(site.callee, chain[start:], around)
    query = entity.query(site.callee.package, method, session_of(site.callee))
    query.alias = _alias(chain[start:], entity)
    parameters: dict[str, Value] = {}
    for link in chain[start:]:
        for place, one in enumerate(link.made.arguments if link.made is not None else ()):
            if (place and isinstance(one, Record)) or link.name == "setParameters":
                parameters.update(members(one))
        if link.name == "setParameter" and (name := text(_given(link, 0))):
            parameters[name] = _given(link, 1) or Known(None)
    for link in chain[start:]:
        _read(query, link, Record(parameters), around)
    if method in ONE and query.kind == "read":
        query.is_one = True
    if method in ("getCount", "getExists"):
        query.aggregates = (SENDS[method],)
    result = entity.row() if SENDS[method] in ("row", "rows") else None
    return Meaning(effects=query.effects(), result=result)


def _entity(callee: Library, chain: tuple[Link, ...], around: Surroundings) -> Entity:
    """Named by ``from``, ``into``, ``update`` or the start, else that of the repository."""
    for link in reversed(chain):
        if link.name in ("from", "into", "update", "delete", "createQueryBuilder", "softDelete"):
            given = _given(link, 0)
            found = (
                entity_of(given, around)
                if isinstance(given, Kind)
                or link.name
                in (
                    "from",
                    "into",
                )
                else None
            )
            if found is not None:
                return found
    if isinstance(callee.through, Kind):
        named = entity_of(callee.through, around)
        if named is not None:
            return named
    return repository_entity(callee, around) or Entity(name="", value=None, table=None)


def _alias(chain: tuple[Link, ...], entity: Entity) -> str:
    for link in chain:
        if link.name in ("from", "createQueryBuilder", "update"):
            given = link.made.arguments if link.made is not None else ()
            said = next((found for one in reversed(given) if (found := text(one))), None)
            if said is not None:
                return said
    return entity.name


def _given(link: Link, place: int) -> Value | None:
    arguments = link.made.arguments if link.made is not None else ()
    return arguments[place] if place < len(arguments) else None


def _read(query: BuiltQuery, link: Link, parameters: Record, around: Surroundings) -> None:
    name, first = link.name, _given(link, 0)
    if name in ("update", "delete", "insert", "softDelete", "restore"):
        query.kind = {"delete": "delete", "insert": "insert"}.get(name, "update")  # type: ignore[assignment]
        if name == "update" and isinstance(first, Record):
            query.write(written(first, around))
        elif isinstance(second := _given(link, 1), Record):
            query.write(written(second, around))
    elif name in ("set", "values"):
        query.write(written(first, around))
        rows = [written(one, around) for one in elements(first)]
        if rows:
            query.values.clear()
            query.write(rows[0])
    elif name in ("where", "andWhere"):
        _condition(query, first, parameters)
    elif name in ("orWhere", "having", "whereInIds", "andWhereInIds"):
        query.unread(first)
    elif name in _LINKS:
        _LINKS[name](query, link)
    elif name.endswith(("Join", "JoinAndSelect", "JoinAndMapOne", "JoinAndMapMany")):
        query.options["joins"] = Known(True)


def _condition(query: BuiltQuery, condition: Value | None, parameters: Record) -> None:
    """``'seat.id = :id AND seat.free > 0'``; lists are written ``IN (:...ids)``."""
    if isinstance(condition, Record):
        read_where(query, condition)
        return
    if condition is None:
        return
    alias = query.alias or "t"
    said = text(condition)
    if said is not None:
        condition = Known(_in_columns(said.replace(":...", ":"), alias, query.columns))
    whole = Computed("text", (Known(f'SELECT 1 FROM "{alias}" WHERE '), condition))
    found = sql_effects(whole, parameters, library=query.library)
    if len(found) != 1 or found[0].kind != "read":
        query.unread(condition)
        return
    query.where |= found[0].where
    query.ranges |= found[0].ranges
    query.is_many = query.is_many or found[0].many


def _in_columns(condition: str, alias: str, columns: Mapping[str, str]) -> str:
    """``s.showId`` is the column of that property."""

    def named(match: re.Match[str]) -> str:
        return f'"{alias}"."{columns.get(match[1], match[1])}"'

    return re.sub(rf"(?<![\w'\".:]){re.escape(alias)}\.(\w+)", named, condition)


def _lock(query: BuiltQuery, link: Link) -> None:
    read_lock(query, text(_given(link, 0)))


def _on_locked(query: BuiltQuery, link: Link) -> None:
    query.options["wait"] = Known((text(_given(link, 0)) or "").replace("_", " "))


def _ignore(query: BuiltQuery, link: Link) -> None:
    query.conflict = "ignore"


def _update_on_conflict(query: BuiltQuery, link: Link) -> None:
    """``orUpdate(overwritten, conflicting)``."""
    query.conflict = "update"
    target = _given(link, 1)
    named = elements(members(_given(link, 0)).get("conflict_target")) or elements(target)
    names = [text(one) for one in named] or [text(target)]
    query.conflict_columns = tuple(query.columns.get(one, one) for one in names if one)


def _on_conflict(query: BuiltQuery, link: Link) -> None:
    said = (text(_given(link, 0)) or "").upper()
    query.conflict = "ignore" if "NOTHING" in said else "update"


def _ordered(query: BuiltQuery, link: Link) -> None:
    query.is_ordered = True


def _limit(query: BuiltQuery, link: Link) -> None:
    query.is_one = query.is_one or _given(link, 0) == Known(1)


_LINKS: Mapping[str, Callable[[BuiltQuery, Link], None]] = {
    "setLock": _lock,
    "setOnLocked": _on_locked,
    "orIgnore": _ignore,
    "orUpdate": _update_on_conflict,
    "onConflict": _on_conflict,
    "orderBy": _ordered,
    "addOrderBy": _ordered,
    "limit": _limit,
    "take": _limit,
}
