"""Models of Django.

Reference: https://docs.djangoproject.com/en/5.2/topics/db/models/, ref/models/options/.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from redhanded.case.evidence import Location
from redhanded.source.flow.module import Class
from redhanded.source.flow.schema import Column, Table, Unique
from redhanded.source.flow.schemas.changes import table_name
from redhanded.source.flow.schemas.django_fields import (
    AppLabels,
    DjangoField,
    constraint_of,
    field_of,
    together_of,
    unique,
)
from redhanded.source.flow.schemas.evaluation import Evaluation, Scope
from redhanded.source.flow.schemas.lists import elements, text
from redhanded.source.flow.schemas.tool import Models, is_true
from redhanded.source.flow.values import Kind, Library, Value


@dataclass(slots=True, kw_only=True)
class _Model:
    kind: Kind
    label: str
    table: str
    fields: dict[str, DjangoField] = field(default_factory=dict)
    meta: Mapping[str, Value] = field(default_factory=dict)
    names: list[str] = field(default_factory=list)
    parents: list[Kind] = field(default_factory=list)
    """Models with tables of their own that it extends."""
    location: Location | None = None


def models(evaluation: Evaluation) -> Models:
    """Every model that is not abstract."""
    reading = _Reading(evaluation)
    for module in evaluation.program.modules.values():
        if module.language == "python" and module.classes:
            for index, found in enumerate(module.classes):
                reading.read(Kind(module.path, index, found.name))
    return Models(tool="django", tables=tuple(reading.tables()))


OTHERS = frozenset({"tortoise", "peewee", "playhouse"})
"""Packages with models of their own, whose fields have the same names."""


class _Reading:
    def __init__(self, evaluation: Evaluation) -> None:
        self.evaluation = evaluation
        self.labels = AppLabels(evaluation)
        self.found: dict[Kind, _Model] = {}
        self._roots: dict[Kind, bool] = {}

    def is_model(self, kind: Kind, depth: int = 10) -> bool:
        """Whether it comes from Django's ``Model``, or from a library's class and has fields."""
        if kind not in self._roots:
            self._roots[kind] = False  # what a circle of bases finds
            self._roots[kind] = depth > 0 and self._is_model(kind, depth)
        return self._roots[kind]

    def _is_model(self, kind: Kind, depth: int) -> bool:
        for base in self.evaluation.bases(kind):
            if isinstance(base, Library):
                names = base.names
                if base.package in OTHERS:
                    return False
                if base.package == "django" and "models" in names:
                    return names[-1] in ("Model", "AbstractUser", "AbstractBaseUser")
                if names[-1:] and names[-1].endswith("Model") and self._has_fields(kind):
                    return True
            elif isinstance(base, Kind) and base != kind and self.is_model(base, depth - 1):
                return True
        return False

    def _has_fields(self, kind: Kind) -> bool:
        return any(self._own_fields(kind))

    def _own_fields(self, kind: Kind) -> Iterator[DjangoField]:
        module = self.evaluation.program.modules[kind.path]
        found = self.evaluation.class_of(kind)
        scope = Scope(module=module, function=max(found.parent, 0))
        for one in found.fields:
            if one.value is None:
                continue
            value = self.evaluation.value(one.value, scope)
            made = field_of(self.evaluation, one.name, value)
            if made is not None:
                yield replace(made, location=Location(path=kind.path, line=one.line))

    def meta(self, kind: Kind, depth: int = 8) -> dict[str, Value]:
        """Options, also those of an abstract base where the class has none or extends them."""
        own = self._meta_class(kind)
        if own is None:
            inherited: dict[str, Value] = {}
            for base in self.evaluation.bases(kind) if depth else ():
                if isinstance(base, Kind) and base != kind:
                    given = self.meta(base, depth - 1)
                    if is_true(given.get("abstract")):
                        inherited = {**given, **inherited}
            return {key: one for key, one in inherited.items() if key != "abstract"}
        found, scope = own
        options: dict[str, Value] = {}
        if found.bases:
            for base in self.evaluation.bases(kind) if depth else ():
                if isinstance(base, Kind) and base != kind:
                    options |= self.meta(base, depth - 1)
            options.pop("abstract", None)
        for one in found.fields:
            if one.value is not None:
                options[one.name] = self.evaluation.value(one.value, scope)
        return options

    def _meta_class(self, kind: Kind) -> tuple[Class, Scope] | None:
        module = self.evaluation.program.modules[kind.path]
        for index in self.evaluation.class_of(kind).classes:
            if module.classes[index].name == "Meta":
                return module.classes[index], Scope(module=module)
        return None

    def read(self, kind: Kind) -> None:
        """Notes a model's table; abstract ones have none, proxies have their parent's."""
        if not self.evaluation.class_of(kind).bases or not self.is_model(kind):
            return
        meta = self.meta(kind)
        if is_true(meta.get("abstract")):
            return
        label = text(meta.get("app_label")) or self.labels.of(kind.path)
        table = text(meta.get("db_table")).strip('"').replace('"."', ".")
        at = Location(path=kind.path, line=self.evaluation.class_of(kind).line)
        model = _Model(
            kind=kind,
            label=label,
            table=table or f"{label}_{kind.name.lower()}",
            meta=meta,
            names=[kind.name],
            location=at,
        )
        self._inherit(kind, model, 10)
        self.found[kind] = model

    def _inherit(self, kind: Kind, model: _Model, depth: int) -> None:
        """Fields of abstract bases, then its own; concrete bases are joined."""
        for base in self.evaluation.bases(kind) if depth else ():
            if isinstance(base, Kind) and base != kind and self.is_model(base):
                if is_true(self.meta(base).get("abstract")):
                    self._inherit(base, model, depth - 1)
                else:
                    model.parents.append(base)
            elif isinstance(base, Library) and base.names[-1:] == ("AbstractUser",):
                username = DjangoField(
                    name="username", kind="CharField", column="username", is_unique=True
                )
                model.fields.setdefault("username", replace(username, location=model.location))
        for one in self._own_fields(kind):
            model.fields[one.name] = one

    def tables(self) -> Iterator[Table]:
        """Of all models, with the tables behind many-to-many fields."""
        proxies = [one for one in self.found.values() if is_true(one.meta.get("proxy"))]
        for proxy in proxies:
            parent = self.found.get(proxy.parents[0]) if proxy.parents else None
            if parent is not None:
                parent.names.append(proxy.kind.name)
        for model in self.found.values():
            if not is_true(model.meta.get("proxy")):
                yield self._table(model)
                yield from self._joins(model)

    def _table(self, model: _Model) -> Table:
        plain = [one for one in model.fields.values() if not one.is_many]
        names = {one.name: one.column for one in plain}
        columns = [one.as_column(self._referred(model, one)) for one in plain]
        uniques: list[Unique] = []
        keys = [one for one in plain if one.is_primary]
        if keys:
            key = (keys[0].column,)
        elif model.parents:
            key = (f"{model.parents[0].name.lower()}_ptr_id",)
            columns.insert(0, Column(name=key[0], type="integer", is_nullable=False))
        else:
            key = ("id",)
            columns.insert(0, Column(name="id", type="bigint", is_nullable=False))
        uniques.append(unique(key, "model", model.location, is_primary=True))
        for one in plain:
            if one.is_unique and not one.is_primary:
                uniques.append(unique((one.column,), "model", one.location))
        for together in together_of(model.meta.get("unique_together")):
            named = tuple(names.get(each, each) for each in together)
            uniques.append(unique(named, "model", model.location))
        checks: list[str] = []
        is_complete = True
        for given in elements(model.meta.get("constraints")):
            found = constraint_of(given)
            if found is None:
                is_complete = False
            elif found.fields:
                named = tuple(names.get(each, each) for each in found.fields)
                at = found.location or model.location
                uniques.append(
                    unique(
                        named,
                        "model",
                        at,
                        name=_filled(found.name, model),
                        where=found.where,
                        holds_nulls=found.holds_nulls,
                    )
                )
            else:
                checks.append(found.text)
        return Table(
            name=table_name(*_split(model.table)),
            columns=tuple(columns),
            uniques=tuple(uniques),
            checks=tuple(checks),
            models=tuple(model.names),
            location=model.location,
            is_complete=is_complete,
        )

    def _referred(self, model: _Model, one: DjangoField) -> str:
        target = self._target(model, one.to)
        return target.table if target is not None else ""

    def _target(self, model: _Model, to: str) -> _Model | None:
        """By ``app.model``, by the name in the same app, or by the class itself."""
        if to == "self":
            return model
        folder, _, name = to.rpartition(":")
        label, _, name = name.rpartition(".")
        for one in self.found.values():
            if one.kind.name.lower() != name:
                continue
            if folder and posixpath.dirname(one.kind.path).lower() == folder:
                return one
            if not folder and (label or model.label).lower() == one.label.lower():
                return one
        return None

    def _joins(self, model: _Model) -> Iterator[Table]:
        for one in model.fields.values():
            if not one.is_many or one.through:
                continue
            target = self._target(model, one.to)
            own = model.kind.name.lower()
            other = target.kind.name.lower() if target is not None else one.to.rpartition(".")[2]
            columns = (
                (f"from_{own}_id", f"to_{own}_id") if other == own else (f"{own}_id", f"{other}_id")
            )
            if not other:
                continue
            yield Table(
                name=one.db_table or f"{model.table}_{one.name}",
                columns=(
                    Column(name="id", type="bigint", is_nullable=False),
                    *(Column(name=each, type="bigint", is_nullable=False) for each in columns),
                ),
                uniques=(
                    unique(("id",), "model", one.location, is_primary=True),
                    unique(columns, "model", one.location),
                ),
                location=one.location,
            )


def _split(table: str) -> tuple[str, str]:
    schema, _, name = table.rpartition(".")
    return schema, name


def _filled(name: str, model: _Model) -> str:
    """``%(app_label)s_%(class)s_…`` of an abstract base."""
    return name.replace("%(app_label)s", model.label).replace("%(class)s", model.kind.name.lower())
