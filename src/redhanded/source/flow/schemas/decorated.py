"""Classes whose fields are declared by decorators: TypeORM, sequelize-typescript, MikroORM."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from redhanded.case.evidence import Location
from redhanded.source.flow.form import Expression
from redhanded.source.flow.module import Field
from redhanded.source.flow.schema import Table
from redhanded.source.flow.schemas.evaluation import Evaluation, Scope
from redhanded.source.flow.schemas.program import belongs
from redhanded.source.flow.schemas.tool import last_call
from redhanded.source.flow.values import Kind, Library, Made, Value


@dataclass(frozen=True, slots=True, kw_only=True)
class Decorator:
    """One of the library's; ``@X`` without a call has been given nothing."""

    name: str
    made: Made
    location: Location

    def argument(self, place: int) -> Value | None:
        return self.made.arguments[place] if place < len(self.made.arguments) else None


@dataclass(frozen=True, slots=True, kw_only=True)
class DecoratedField:
    """A field with at least one decorator of the library."""

    name: str
    type: str
    """As it is annotated."""
    decorators: tuple[Decorator, ...]
    location: Location

    def find(self, *names: str) -> Decorator | None:
        return next((one for one in self.decorators if one.name in names), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class DecoratedClass:
    """A class with its own fields and those of its bases, the bases' first."""

    kind: Kind
    name: str
    decorators: tuple[Decorator, ...]
    fields: tuple[DecoratedField, ...]
    location: Location

    def find(self, *names: str) -> Decorator | None:
        return next((one for one in self.decorators if one.name in names), None)


def decorated(evaluation: Evaluation, *packages: str) -> Iterator[DecoratedClass]:
    """The classes in files that import one of these packages."""
    for module in evaluation.program.importing(*packages):
        for index, found in enumerate(module.classes):
            kind = Kind(module.path, index, found.name)
            yield _class(evaluation, kind, packages)


def _class(evaluation: Evaluation, kind: Kind, packages: tuple[str, ...]) -> DecoratedClass:
    found = evaluation.class_of(kind)
    fields: dict[str, DecoratedField] = {}
    decorators: list[Decorator] = []
    for one in (*lineage(evaluation, kind), kind):
        own = evaluation.class_of(one)
        for field in own.fields:
            made = _field(evaluation, one, field, packages)
            if made.decorators:
                fields[field.name] = made
        if one != kind:
            # Indexes of an abstract base are its heirs' too; its name and options are not.
            inherited = _decorators(evaluation, one, own.decorators, (packages, own.line))
            decorators += [each for each in inherited if each.name in ("Index", "Unique")]
    decorators += _decorators(evaluation, kind, found.decorators, (packages, found.line))
    return DecoratedClass(
        kind=kind,
        name=found.name,
        decorators=tuple(decorators),
        fields=tuple(fields.values()),
        location=Location(path=kind.path, line=found.line),
    )


def lineage(evaluation: Evaluation, kind: Kind, depth: int = 8) -> list[Kind]:
    """The bases of a class that the program has, the outermost first."""
    found: list[Kind] = []
    for base in evaluation.bases(kind) if depth else ():
        if isinstance(base, Kind) and base != kind:
            found += [*lineage(evaluation, base, depth - 1), base]
    return list(dict.fromkeys(found))


def _field(
    evaluation: Evaluation, kind: Kind, field: Field, packages: tuple[str, ...]
) -> DecoratedField:
    said = _decorators(evaluation, kind, field.decorators, (packages, field.line))
    annotation = field.annotation
    return DecoratedField(
        name=field.name,
        type=str(getattr(annotation, "name", "")).lower(),
        decorators=tuple(said),
        location=Location(path=kind.path, line=field.line),
    )


def _decorators(
    evaluation: Evaluation,
    kind: Kind,
    expressions: tuple[Expression, ...],
    given: tuple[tuple[str, ...], int],
) -> list[Decorator]:
    packages, line = given
    module = evaluation.program.modules[kind.path]
    found: list[Decorator] = []
    for expression in expressions:
        value = evaluation.value(expression, Scope(module=module))
        if not isinstance(value, Library) or not belongs(value.package, packages):
            continue
        called = last_call(value)
        name, made = (
            called if called is not None else (value.names[-1] if value.names else "", Made())
        )
        at = made.location or Location(path=kind.path, line=line)
        found.append(Decorator(name=name, made=made, location=at))
    return found


def tables_of_classes(
    evaluation: Evaluation,
    is_model: Callable[[Evaluation, Kind], bool],
    table_of: Callable[[Evaluation, Kind], Table | None],
) -> tuple[Table, ...]:
    """The tables of the classes in Python that have bases and are models."""
    kinds = (
        Kind(module.path, index, found.name)
        for module in evaluation.program.modules.values()
        if module.language == "python"
        for index, found in enumerate(module.classes)
        if found.bases
    )
    tables = (table_of(evaluation, kind) for kind in kinds if is_model(evaluation, kind))
    return tuple(table for table in tables if table is not None)
