"""Rows that Django's rows lead to: foreign keys, and the managers at their other ends.

Reference: https://docs.djangoproject.com/en/stable/ref/models/relations/,
…/ref/models/fields/#django.db.models.ForeignKey.related_name.
"""

from __future__ import annotations

from collections.abc import Iterator

from redhanded.source.flow.form import Argument, Attribute, Call, Constant, Expression, Name
from redhanded.source.flow.framework import THIS, Surroundings
from redhanded.source.flow.frameworks.chain import classes, classes_by_name, lineage, once
from redhanded.source.flow.frameworks.django_models import is_model
from redhanded.source.flow.module import Field
from redhanded.source.flow.values import Kind, Library, Made, Result, Value

KEYS = frozenset({"ForeignKey", "OneToOneField", "ParentalKey", "TreeForeignKey"})
MANY = frozenset({"ManyToManyField", "ParentalManyToManyField"})
OBJECTS = ("db", "models", "Model", "objects")


def related(of: Kind, name: str, around: Surroundings) -> Value | None:
    """What an attribute of an instance of a model leads to."""
    for owner, one in lineage(of, around):
        for field in one.fields:
            if field.name != name:
                continue
            target = _target(field, owner, around)
            if target is None:
                return None
            if _made_by(field) in KEYS:
                return Result(THIS.event, (name,), target)
            return Library("django", OBJECTS, through=target)
    return _other_end(of, name, around)


def _made_by(field: Field) -> str:
    if not isinstance(field.value, Call):
        return ""
    made = str(getattr(field.value.function, "name", ""))
    return made if made in KEYS | MANY else ""


def _target(field: Field, owner: Kind, around: Surroundings) -> Kind | None:
    """The model that a key points to: a class, its name, or ``self``."""
    if not _made_by(field) or not isinstance(field.value, Call):
        return None
    return _named(_argument(field.value, "to") or _first(field.value), owner, around)


def _named(first: Expression | None, owner: Kind, around: Surroundings) -> Kind | None:
    if isinstance(first, Name | Attribute):
        value = around.evaluate(first, owner.path)
        return value if isinstance(value, Kind) else None
    if not (isinstance(first, Constant) and isinstance(first.value, str)):
        return None
    if first.value == "self":
        return owner
    wanted = first.value.rsplit(".", 1)[-1]
    named = list(classes_by_name(around).get(wanted, ()))
    near = [kind for kind in named if kind.path == owner.path] or named
    models = [kind for kind in near if is_model(kind, around)]
    return models[0] if len(models) == 1 else None


def _first(call: Call) -> Expression | None:
    first = call.arguments[0] if call.arguments else None
    return first.value if first is not None and first.name is None else None


def _argument(call: Call, name: str) -> Expression | None:
    found: list[Argument] = [one for one in call.arguments if one.name == name]
    return found[0].value if found else None


def _other_end(of: Kind, name: str, around: Surroundings) -> Value | None:
    """``order.lines`` and ``order.line_set``, of a key of another model that points here."""
    family = {kind for kind, _ in lineage(of, around)}
    for kind, field in once(_ends, around).get(name, ()):
        if _target(field, kind, around) not in family:
            continue
        if _made_by(field) == "OneToOneField":
            return Result(THIS.event, (name,), kind)
        by = Made((), {field.name: Result(THIS.event, ())})
        return Library("django", (*OBJECTS, "filter", by), through=kind)
    return None


def is_between(value: Library) -> bool:
    """``group.members.through``: the rows between two of a many-to-many field."""
    return value.steps[:5] == (*OBJECTS, "through")


def of_between(value: Library, around: Surroundings) -> Library | None:
    """A chain from ``through`` on, as one of the model that is declared there; None: none is, or
    several fields that lead to the same model say another."""
    found: set[Kind | None] = set()
    for kind, field in _keys(around):
        is_many = _made_by(field) in MANY and _target(field, kind, around) == value.through
        if is_many and isinstance(field.value, Call):
            found.add(_named(_argument(field.value, "through"), kind, around))
    made = found.pop() if len(found) == 1 else None
    return None if made is None else Library("django", (*OBJECTS[:3], *value.steps[5:]), made)


def related_by(value: Library) -> dict[str, Value]:
    """The key that a related manager sets on what it creates."""
    last = value.steps[4:6]
    if value.steps[:4] == OBJECTS and last[:1] == ("filter",) and len(value.steps) == 7:
        made = last[1]
        if isinstance(made, Made) and made.location is None:
            return dict(made.keywords)
    return {}


def _ends(around: Surroundings) -> dict[str, list[tuple[Kind, Field]]]:
    """What the manager at the other end of a key is called, to the keys."""
    found: dict[str, list[tuple[Kind, Field]]] = {}
    for kind, field in _keys(around):
        said = _argument(field.value, "related_name") if isinstance(field.value, Call) else None
        written = said.value if isinstance(said, Constant) else None
        name = written if isinstance(written, str) and written else f"{kind.name.lower()}_set"
        found.setdefault(name, []).append((kind, field))
    return found


def _keys(around: Surroundings) -> Iterator[tuple[Kind, Field]]:
    for kind, one in classes(around):
        for field in one.fields:
            if _made_by(field):
                yield kind, field
