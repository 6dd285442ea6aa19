"""Django's ORM: managers, query sets, instances, transactions, cursors.

References: https://docs.djangoproject.com/en/stable/ref/models/querysets/, …/ref/models/instances/,
…/topics/db/transactions/. A query is asked when something is taken out of it; a transaction is in
force for all that runs in it, whatever it is given.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from redhanded.source.flow.effects import Effect, EffectKind
from redhanded.source.flow.framework import (
    THIS,
    Callback,
    CallSite,
    Meaning,
    Moment,
    Surroundings,
)
from redhanded.source.flow.frameworks.chain import (
    before,
    given,
    kind_of,
    links,
    method_of,
)
from redhanded.source.flow.frameworks.django_models import MANAGERS, is_model, model_kind, model_of
from redhanded.source.flow.frameworks.django_queries import (
    BUILDS,
    Query,
    is_expression,
    lookups,
    names,
    query_of,
    stored,
    written,
)
from redhanded.source.flow.frameworks.django_relations import (
    is_between,
    of_between,
    related,
    related_by,
)
from redhanded.source.flow.frameworks.django_signals import DELETED, SAVED, sent
from redhanded.source.flow.frameworks.django_sql import cursor, raw
from redhanded.source.flow.frameworks.reading import elements, gives, is_true, members
from redhanded.source.flow.frameworks.table import LibraryTable
from redhanded.source.flow.values import Either, Kind, Known, Library, Record, Result, Value

ONE = frozenset({"get", "first", "last", "earliest", "latest"})
ASKS = frozenset({*ONE, "count", "exists", "aggregate", "in_bulk", "iterator", "contains"})
SHORTCUTS = frozenset({"get_object_or_404", "get_list_or_404", "aget_object_or_404"})


def _call(site: CallSite, around: Surroundings) -> Meaning | None:
    if is_between(site.callee):
        callee = of_between(site.callee, around)
        if callee is None:
            return None
        site = replace(site, callee=callee)
    chain = links(site.callee)
    if not chain or chain[-1].made is not None:
        return None
    name, path = chain[-1].name, ".".join(one.name for one in chain)
    if path.startswith("db.transaction."):
        return _transaction(site, name)
    if path.startswith(("db.connection.", "db.connections.")):
        return cursor(site, name)
    if name in SHORTCUTS:
        return _read(site, "get" if name != "get_list_or_404" else "list", around)
    if is_expression(site.callee) and site.callee.through is None and len(chain) == 3:
        return Meaning()
    plain = name[1:] if name.startswith("a") and name[1:] in (*ASKS, *_WRITES, *_INSTANCE) else name
    work = _INSTANCE.get(plain)
    if isinstance(site.callee.through, Record | Result) and work is not None:
        kind = kind_of(site.callee.through)
        if kind is not None and is_model(kind, around):
            return _async(work(site, around), plain != name)
    if not _is_query(site.callee):
        return None
    if name in BUILDS:
        return Meaning(is_lazy=True)
    write = _WRITES.get(plain)
    if write is not None:
        return _async(write(site, around), plain != name)
    if plain in ASKS:
        return _async(_read(site, plain, around), plain != name)
    if name == "raw":
        return raw(site, _row(site.callee, around))
    return _own_method(site, name, around)


def _async(meaning: Meaning | None, is_async: bool) -> Meaning | None:
    if meaning is None or not is_async:
        return meaning
    return Meaning(effects=meaning.effects, result=meaning.result, is_async=True)


def _is_query(value: Library) -> bool:
    """Whether a chain goes through a manager or query set."""
    found = [one.name for one in links(value)[:-1]]
    return any(
        one in MANAGERS or one in BUILDS or one in ("objects", "_default_manager", "_base_manager")
        for one in found
    ) or (isinstance(value.through, Kind) and len(found) > 3)


def _own_method(site: CallSite, name: str, around: Surroundings) -> Meaning | None:
    """A method of the program's own query set, called through a manager made from it."""
    through = site.callee.through
    kinds = [through] if isinstance(through, Kind) else []
    for one in links(site.callee):
        if one.name in ("from_queryset", "as_manager") and one.made is not None:
            kinds += [each for each in one.made.arguments if isinstance(each, Kind)]
    for kind in kinds:
        if is_model(kind, around):
            continue
        method = method_of(kind, name, around)
        if method is not None:
            called = Callback(
                function=method, arguments=site.arguments, keywords=site.keywords, gives=True
            )
            return Meaning(callbacks=(called,))
    return None


def _effect(
    kind: EffectKind,
    verb: str,
    value: Library | Value | None,
    around: Surroundings,
    *,
    query: Query | None = None,
    values: Mapping[str, Value] | None = None,
    options: Mapping[str, Value] | None = None,
    many: bool = False,
) -> Effect:
    model, table = model_of(value, around)
    asked = query or Query()
    return Effect(
        kind=kind,
        store="database",
        library="django",
        verb=verb,
        subject=table or model or None,
        model=model,
        where=asked.where,
        ranges=asked.ranges,
        values=values or {},
        lock="update" if asked.lock else "",
        ordered=asked.ordered,
        many=many,
        options={**asked.options, **(options or {})},
    )


def _row(value: Value | None, around: Surroundings) -> Value:
    """What a read gives: an instance where the model is a class of the program."""
    kind = model_kind(value, around)
    return THIS if kind is None else Result(THIS.event, (), kind)


def _read(site: CallSite, name: str, around: Surroundings) -> Meaning:
    value: Library = gives(site)
    query = query_of(value)
    source: Value = value
    if site.callee.names[-1] in SHORTCUTS:
        base = given(site, 0, "klass")
        if isinstance(base, Either):
            base = next((one for one in base.values if isinstance(one, Library | Kind)), base)
        if isinstance(base, Library):
            query = query_of(base)
        source = base or value
        lookups(site.keywords, query)
    aggregates: tuple[str, ...] = ()
    if name in ("count", "exists"):
        aggregates = (name,)
    elif name == "aggregate":
        asked = [*site.arguments, *site.keywords.values()]
        aggregates = tuple(
            one.names[-2].lower()
            for one in asked
            if isinstance(one, Library) and len(one.names) > 1
        )
    effect = _effect(
        "read", name, source, around, query=query, many=name in ("iterator", "in_bulk", "list")
    )
    result = THIS if aggregates else _row(source, around)
    return Meaning(effects=(replace(effect, aggregates=aggregates),), result=result)


# Writes through a manager or query set.


def _create(site: CallSite, around: Surroundings) -> Meaning:
    values = {**related_by(site.callee), **written(site.keywords)}
    effect = _effect("insert", "create", site.callee, around, values=values)
    row = _row(site.callee, around)
    return Meaning(effects=(effect,), result=row, callbacks=_signals(row, around, Known(True)))


def _create_user(site: CallSite, around: Surroundings) -> Meaning:
    values = dict(site.keywords)
    for place, name in enumerate(("username", "email", "password")):
        if place < len(site.arguments):
            values[name] = site.arguments[place]
    effect = _effect("insert", "create_user", site.callee, around, values=values)
    return Meaning(effects=(effect,), result=_row(site.callee, around))


def _find_or_create(site: CallSite, around: Surroundings) -> Meaning:
    verb = site.callee.names[-1].removeprefix("a")
    query = query_of(before(site.callee, 1))
    asked = {k: v for k, v in site.keywords.items() if k not in ("defaults", "create_defaults")}
    lookups(asked, query)
    defaults = given(site, 0, "defaults")
    values = {**written(members(defaults)), **asked}
    effect = _effect(
        "find-or-create",
        verb,
        site.callee,
        around,
        query=query,
        values=values,
        options={"defaults": defaults} if defaults is not None else {},
    )
    row = _row(site.callee, around)
    created = Result(THIS.event, ("created",))
    return Meaning(effects=(effect,), result=row, callbacks=_signals(row, around, created))


def _bulk_create(site: CallSite, around: Surroundings) -> Meaning:
    rows = elements(given(site, 0, "objs"))
    values: Mapping[str, Value] = members(rows[0]) if rows else {}
    ignores = is_true(site.keywords.get("ignore_conflicts"))
    updates = is_true(site.keywords.get("update_conflicts"))
    effect = _effect(
        "upsert" if ignores or updates else "insert",
        "bulk_create",
        site.callee,
        around,
        values=written(values),
        many=True,
    )
    effect = replace(
        effect,
        conflict="ignore" if ignores else "update" if updates else "",
        conflict_columns=names(site.keywords.get("unique_fields")),
    )
    return Meaning(effects=(effect,))


def _bulk_update(site: CallSite, around: Surroundings) -> Meaning:
    columns = names(given(site, 1, "fields"))
    values: dict[str, Value] = dict.fromkeys(columns, Known(None))
    effect = _effect("update", "bulk_update", site.callee, around, values=values, many=True)
    return Meaning(effects=(effect,))


def _update(site: CallSite, around: Surroundings) -> Meaning:
    effect = _effect(
        "update",
        "update",
        site.callee,
        around,
        query=query_of(before(site.callee, 1)),
        values=written(site.keywords),
        many=True,
    )
    return Meaning(effects=(effect,))


def _delete(site: CallSite, around: Surroundings) -> Meaning:
    query = query_of(before(site.callee, 1))
    effect = _effect("delete", "delete", site.callee, around, query=query, many=True)
    return Meaning(effects=(effect,))


# Instances.


def _save(site: CallSite, around: Surroundings) -> Meaning:
    entity = site.callee.through
    fields = names(given(site, 3, "update_fields"))
    is_new = isinstance(entity, Record) and bool(entity.parts)
    values = written(entity.parts) if isinstance(entity, Record) else {}
    if fields:
        values = {name: value for name, value in values.items() if name in fields}
    effect = _effect("insert" if is_new else "save", "save", entity, around, values=values)
    effect = replace(
        effect,
        entity=entity if is_new or isinstance(entity, Result) else None,
        whole=given(site, 3, "update_fields") is None and not is_new,
        options={"update_fields": Known(", ".join(fields))} if fields else {},
    )
    signals = sent(
        SAVED,
        kind_of(entity),
        around,
        created=Known(is_new),
        instance=entity if isinstance(entity, Result) else None,
    )
    return Meaning(effects=(effect,), result=Known(None), written=stored, callbacks=signals)


def _signals(row: Value, around: Surroundings, created: Value) -> tuple[Callback, ...]:
    return sent(SAVED, kind_of(row), around, created=created)


def _of_instance(kind: EffectKind) -> Callable[[CallSite, Surroundings], Meaning]:
    def meaning(site: CallSite, around: Surroundings) -> Meaning:
        entity = site.callee.through
        query = Query()
        if isinstance(entity, Result):
            query.where["id"] = Result(entity.event, (*entity.parts, "id"))
        effect = _effect(kind, site.callee.names[-1], entity, around, query=query)
        signals: tuple[Callback, ...] = ()
        if kind == "delete":
            signals = sent(DELETED, kind_of(entity), around, created=Known(False), instance=entity)
        return Meaning(
            effects=(replace(effect, entity=entity),), result=Known(None), callbacks=signals
        )

    return meaning


_WRITES: Mapping[str, Callable[[CallSite, Surroundings], Meaning]] = {
    "create": _create,
    "create_user": _create_user,
    "create_superuser": _create_user,
    "get_or_create": _find_or_create,
    "update_or_create": _find_or_create,
    "bulk_create": _bulk_create,
    "bulk_update": _bulk_update,
    "update": _update,
    "delete": _delete,
}
_INSTANCE: Mapping[str, Callable[[CallSite, Surroundings], Meaning]] = {
    "save": _save,
    "delete": _of_instance("delete"),
    "refresh_from_db": _of_instance("read"),
}


# Transactions and cursors.


def _transaction(site: CallSite, name: str) -> Meaning | None:
    if name == "on_commit":
        function = given(site, 0, "func")
        if function is None:
            return None
        return Meaning(callbacks=(Callback(function=function, after_commit=True),))
    if name in ("commit", "rollback"):
        kind: EffectKind = "commit" if name == "commit" else "rollback"
        return Meaning(effects=(Effect(kind=kind, store="database", library="django", verb=name),))
    return None


def _settle(value: Library, moment: Moment, around: Surroundings) -> Meaning | None:
    chain = links(value)
    path = ".".join(one.name for one in chain)
    if path == "db.transaction.atomic" and moment in ("enter", "decorate"):
        begun = Effect(kind="begin", store="database", library="django", verb="atomic")
        return Meaning(effects=(begun,), whole_path=True)
    if moment in ("iterate", "test") and _is_query(value) and chain[-1].name in BUILDS:
        query = query_of(value)
        effect = _effect("read", moment, value, around, query=query, many=True)
        return Meaning(effects=(effect,), result=_row(value, around))
    return None


FRAMEWORK = LibraryTable(
    name="django orm",
    packages=("django", "mptt", "polymorphic"),
    calls=_call,
    settles=_settle,
    relates=related,
)
