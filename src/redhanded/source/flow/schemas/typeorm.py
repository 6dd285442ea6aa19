"""Entities of TypeORM.

Reference: https://typeorm.io/docs/entity/entities, https://typeorm.io/docs/advanced-topics/indices.
``@VersionColumn`` counts the updates of a row: ``save`` raises it and does not compare it (TypeORM
1.1, ``UpdateQueryBuilder``; typeorm#2848), so that it is no optimistic lock.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from redhanded.case.evidence import Location
from redhanded.source.flow.schema import Column, Table, Unique
from redhanded.source.flow.schemas.changes import table_name
from redhanded.source.flow.schemas.decorated import (
    DecoratedClass,
    DecoratedField,
    Decorator,
    decorated,
)
from redhanded.source.flow.schemas.evaluation import Evaluation
from redhanded.source.flow.schemas.lists import elements, text, texts
from redhanded.source.flow.schemas.running import run
from redhanded.source.flow.schemas.tool import Models, is_true, last_call, written
from redhanded.source.flow.schemas.typeorm_schemas import described, snake, unique
from redhanded.source.flow.schemas.walking import calls_of
from redhanded.source.flow.values import Kind, Known, Library, Made, Procedure, Record, Value

_COLUMNS = (
    *("Column", "PrimaryColumn", "PrimaryGeneratedColumn", "CreateDateColumn", "UpdateDateColumn"),
    *("DeleteDateColumn", "VersionColumn", "ObjectIdColumn", "Generated", "ViewColumn"),
)
_TIMES = {
    "CreateDateColumn": "timestamp",
    "UpdateDateColumn": "timestamp",
    "DeleteDateColumn": "timestamp",
    "VersionColumn": "integer",
}


def models(evaluation: Evaluation) -> Models:
    """Every class with ``@Entity``, and every ``EntitySchema``."""
    snakes = _names_are_snake(evaluation)
    tables = (
        *(
            _table(evaluation, one, snakes=snakes)
            for one in decorated(evaluation, "typeorm")
            if one.find("Entity") is not None
        ),
        *described(evaluation, snakes=snakes),
    )
    return Models(tool="typeorm", tables=tables, creates=_synchronizes(evaluation))


@dataclass(slots=True, kw_only=True)
class _Said:
    columns: list[Column] = field(default_factory=list)
    uniques: list[Unique] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)
    names: dict[str, str] = field(default_factory=dict)
    """Property to column."""


def _table(evaluation: Evaluation, found: DecoratedClass, *, snakes: bool) -> Table:
    entity = found.find("Entity")
    options = _options(entity, 1) or _options(entity, 0)
    given = text(entity.argument(0)) if entity is not None else ""
    name = given or text(options.get("name")) or snake(found.name)
    said = _Said()
    for one in found.fields:
        _field(one, said, snakes=snakes)
    for decorator in (*found.decorators, *_of_fields(found)):
        composite = _composite(evaluation, decorator, said)
        if composite is not None:
            said.uniques.append(composite)
    if said.keys:
        key = Unique(
            columns=tuple(said.keys), said=("model",), location=found.location, is_primary=True
        )
        said.uniques.insert(0, key)
    checks = tuple(
        f"{one.name.upper()} ({text(one.made.arguments[-1])})"
        for one in found.decorators
        if one.name in ("Check", "Exclusion") and one.made.arguments
    )
    return Table(
        name=table_name(text(options.get("schema")), name),
        columns=tuple(said.columns),
        uniques=tuple(said.uniques),
        checks=checks,
        models=(found.name,),
        location=found.location,
    )


def _of_fields(found: DecoratedClass) -> Iterator[Decorator]:
    """``@Index`` and ``@Unique`` on a field name that field."""
    for field_ in found.fields:
        for one in field_.decorators:
            if one.name in ("Index", "Unique"):
                name = [each for each in one.made.arguments if text(each)][:1]
                options = [each for each in one.made.arguments if isinstance(each, Record)][-1:]
                made = Made((*name, Record({"0": Known(field_.name)}), *options))
                yield Decorator(name=one.name, made=made, location=one.location)


def _options(decorator: Decorator | None, place: int) -> dict[str, Value]:
    given = decorator.argument(place) if decorator is not None else None
    return dict(given.parts) if isinstance(given, Record) else {}


def _field(one: DecoratedField, said: _Said, *, snakes: bool) -> None:
    column = one.find(*_COLUMNS)
    if column is None:
        _relation(one, said, snakes=snakes)
        return
    options: dict[str, Value] = {}
    for given in column.made.arguments:
        if isinstance(given, Record):
            options |= given.parts
    name = text(options.get("name")) or (snake(one.name) if snakes else one.name)
    is_key = column.name.startswith("Primary") or is_true(options.get("primary"))
    kind = text(column.argument(0)) or text(options.get("type")) or one.type
    said.names[one.name] = name
    said.columns.append(
        Column(
            name=name,
            type=_TIMES.get(column.name, kind.lower()),
            default=written(options.get("default")),
            attribute=one.name if one.name != name else "",
            is_nullable=is_true(options.get("nullable")) or column.name == "DeleteDateColumn",
        )
    )
    if is_key:
        said.keys.append(name)
    elif is_true(options.get("unique")):
        said.uniques.append(unique((name,), column.location))


def _relation(one: DecoratedField, said: _Said, *, snakes: bool) -> None:
    relation = one.find("ManyToOne", "OneToOne")
    if relation is None:
        return
    join = one.find("JoinColumn")
    if relation.name == "OneToOne" and join is None:
        return  # the other side has the column
    options = _options(join, 0)
    referred = text(options.get("referencedColumnName")) or "id"
    default = f"{one.name}{referred[:1].upper()}{referred[1:]}"
    name = text(options.get("name")) or (snake(default) if snakes else default)
    said.names[one.name] = name
    if all(each.name != name for each in said.columns):
        said.columns.append(Column(name=name, type="", attribute=one.name))
    if one.find("PrimaryColumn") or is_true(
        _options(relation, len(relation.made.arguments) - 1).get("primary")
    ):
        said.keys.append(name)
    if relation.name == "OneToOne":
        said.uniques.append(unique((name,), relation.location))


def _composite(evaluation: Evaluation, one: Decorator, said: _Said) -> Unique | None:
    """``@Index('name', ['a', 'b'], { unique: true })``, ``@Unique(['a', 'b'])`` …"""
    if one.name not in ("Index", "Unique"):
        return None
    arguments = list(one.made.arguments)
    name = ""
    if len(arguments) > 1 and text(arguments[0]) and not text(arguments[1]):
        name = text(arguments.pop(0))
    options: dict[str, Value] = {}
    last = arguments[-1] if arguments else None
    if isinstance(last, Record) and not _is_list(last):
        options = dict(last.parts)
        arguments.pop()
    if one.name == "Index" and not is_true(options.get("unique")):
        return None
    fields = [each for given in arguments for each in _fields(evaluation, given)]
    if not fields:
        return None
    columns = tuple(said.names.get(each, each) for each in fields)
    where = options.get("where")
    return unique(columns, one.location, name=name, where=written(where))


def _is_list(value: Record) -> bool:
    return all(key.isdigit() for key in value.parts)


def _fields(evaluation: Evaluation, given: Value) -> tuple[str, ...]:
    """``['a', 'b']``, ``'a'``, or ``(x) => [x.a, x.b]``."""
    if isinstance(given, Procedure):
        entity = Library("property")
        listed = run(evaluation, given, (entity,))
        return tuple(
            one.names[-1] for one in elements(listed) if isinstance(one, Library) and one.steps
        )
    return texts(given)


_CONNECTING = ("DataSource", "createConnection", "forRoot", "createConnections")
_MADE_LATER = ("forRootAsync", "registerAs")


def _connections(evaluation: Evaluation) -> Iterator[tuple[dict[str, Value], Location]]:
    """Options of ``new DataSource({…})``, ``TypeOrmModule.forRoot({…})`` and the like."""
    for module in evaluation.program.importing("typeorm", "@nestjs/typeorm"):
        if not module.may_call((*_CONNECTING, *_MADE_LATER)):
            continue
        for call, function in calls_of(module):
            last = getattr(call.function, "name", "")
            if last in _CONNECTING:
                value = evaluation.at(call, module.path, function)
                called = last_call(value)
                for given in called[1].arguments if called is not None else ():
                    for one in elements(given) if _listed(given) else (given,):
                        if isinstance(one, Record):
                            at = Location(path=module.path, line=call.line)
                            yield dict(one.parts), at
            elif last in _MADE_LATER:
                yield from _from_factories(evaluation, module.path, call.line)


def _listed(value: Value) -> bool:
    return isinstance(value, Record) and bool(value.parts) and _is_list(value)


def _from_factories(
    evaluation: Evaluation, path: str, line: int
) -> Iterator[tuple[dict[str, Value], Location]]:
    """What functions of that file return, where it is options of a connection."""
    module = evaluation.program.modules[path]
    for place, function in enumerate(module.functions):
        if place and not function.decorators:
            given = run(evaluation, Procedure(path, place), ())
            if isinstance(given, Record) and given.parts.keys() & {"entities", "synchronize"}:
                yield dict(given.parts), Location(path=path, line=function.line or line)


def _synchronizes(evaluation: Evaluation) -> Location | None:
    return next(
        (at for options, at in _connections(evaluation) if is_true(options.get("synchronize"))),
        None,
    )


def _names_are_snake(evaluation: Evaluation) -> bool:
    """Whether a connection is given a naming strategy that is called after snakes."""
    for options, _ in _connections(evaluation):
        strategy = options.get("namingStrategy")
        if isinstance(strategy, Library) and "snake" in "".join(strategy.names).lower():
            return True
        if isinstance(strategy, Record) and isinstance(strategy.of, Kind):
            return "snake" in strategy.of.name.lower()
    return False
