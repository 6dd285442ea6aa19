"""Django's models: which one a manager, a query set or an instance belongs to, and its table.

Reference: https://docs.djangoproject.com/en/stable/topics/db/managers/.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from redhanded.source.flow.form import Form, Name
from redhanded.source.flow.framework import Surroundings
from redhanded.source.flow.frameworks.chain import (
    Link,
    classes,
    classes_by_name,
    constant_field,
    given,
    inherits,
    kind_of,
    links,
    once,
)
from redhanded.source.flow.frameworks.reading import text
from redhanded.source.flow.values import Kind, Library, Value

MODELS = frozenset({"Model", "AbstractUser", "AbstractBaseUser", "MPTTModel", "PolymorphicModel"})
MANAGERS = frozenset({"Manager", "BaseManager", "QuerySet", "UserManager", "BaseUserManager"})
OWN_TABLES = {"User": "auth_user", "Group": "auth_group", "Permission": "auth_permission"}


def is_model(kind: Kind, around: Surroundings) -> bool:
    """Whether a class is a model by what it inherits from."""
    return any(one.names[-1:] and one.names[-1] in MODELS for one in inherits(kind, around))


def is_manager(kind: Kind, around: Surroundings) -> bool:
    """Whether a class is a manager or a query set."""
    return any(
        (one.names[-1:] and one.names[-1] in MANAGERS) or "from_queryset" in one.names
        for one in inherits(kind, around)
    )


def table_of(model: Kind, around: Surroundings) -> str:
    """What the model says, else Django's rule if the schema has such a table, else its name."""
    said = text(constant_field(model, "db_table", around, "Meta"))
    if said is not None:
        return said
    app = text(constant_field(model, "app_label", around, "Meta")) or _app(model.path)
    derived = f"{app}_{model.name.lower()}"
    if around.schema.table(derived) is not None:
        return derived
    table = around.schema.table(model.name)
    return model.name if table is None else table.name


def _app(path: str) -> str:
    """The folder that holds ``models.py`` or ``models/``."""
    parts = path.removesuffix(".py").split("/")
    if "models" in parts:
        parts = parts[: len(parts) - parts[::-1].index("models") - 1]
    else:
        parts = parts[:-1]
    return parts[-1] if parts else ""


def model_of(value: Value | None, around: Surroundings) -> tuple[str, str | None]:
    """The name of the model that a chain is about, and its table; empty where it is not known."""
    kind = model_kind(value, around)
    if kind is not None:
        return kind.name, table_of(kind, around)
    if not isinstance(value, Library):
        return "", None
    chain = links(value)
    names = [one.name for one in chain]
    if names[:3] == ["contrib", "auth", "get_user_model"]:
        for found, _ in classes(around):
            if any(
                "AbstractBaseUser" in one.names or "AbstractUser" in one.names
                for one in inherits(found, around)
            ):
                return found.name, table_of(found, around)
        return "User", OWN_TABLES["User"]
    if names[:3] == ["contrib", "auth", "models"] and len(names) > 3:
        return names[3], OWN_TABLES.get(names[3])
    for one in chain:
        name = _asked_for(one)
        if name:
            table = around.schema.table(name)
            return name, name if table is None else table.name
        if one.name in ("get_object_or_404", "get_list_or_404", "aget_object_or_404"):
            return model_of(given(one.made, 0, "klass"), around)
    return "", None


def model_kind(value: Value | None, around: Surroundings) -> Kind | None:
    """The class of the program that is the model of a chain or instance."""
    kind = kind_of(value)
    if kind is not None and is_model(kind, around):
        return kind
    if kind is not None:
        return owner_of(kind, around)
    if isinstance(value, Library):
        for one in links(value):
            if name := _asked_for(one):
                named = classes_by_name(around).get(name, ())
                models = [each for each in named if is_model(each, around)]
                return models[0] if len(models) == 1 else None
            if one.name in MANAGERS and one.made is not None and one.made.location is not None:
                place = one.made.location
                return _at(place.path, place.line, around)
            if one.name == "from_queryset" and one.made is not None:
                used = kind_of(given(one.made, 0))
                return None if used is None else owner_of(used, around)
    return None


def _asked_for(link: Link) -> str:
    """The model in ``apps.get_model("app", "Model")`` or ``get_model("app.Model")``."""
    if link.name not in ("get_model", "get_registered_model") or link.made is None:
        return ""
    made = link.made
    name = text(given(made, 1, "model_name")) or text(given(made, 0, "app_label")) or ""
    return name.rsplit(".", 1)[-1]


def _at(path: str, line: int, around: Surroundings) -> Kind | None:
    module = around.module(path)
    for index, one in enumerate(module.classes if module is not None else ()):
        if one.line <= line <= one.end_line:
            kind = Kind(path, index, one.name)
            if is_model(kind, around):
                return kind
    return None


def owner_of(manager: Kind, around: Surroundings) -> Kind | None:
    """The only model whose manager is made from this manager or query set."""
    names = once(_names, around)
    wanted, waiting = {manager.name}, [manager.name]
    while waiting:
        for kind in names.bases.get(waiting.pop(), ()):
            if kind.name not in wanted and is_manager(kind, around):
                wanted.add(kind.name)
                waiting.append(kind.name)
    found = [kind for name in wanted for kind in names.fields.get(name, ())]
    models = [one for one in dict.fromkeys(found) if is_model(one, around)]
    return models[0] if len(models) == 1 else None


@dataclass(slots=True)
class _Names:
    """Name to the classes whose bases, or whose fields' values, have it in them."""

    bases: dict[str, list[Kind]] = field(default_factory=dict)
    fields: dict[str, list[Kind]] = field(default_factory=dict)


def _names(around: Surroundings) -> _Names:
    found = _Names()
    for kind, one in classes(around):
        for name in _mentioned([each.value for each in one.bases]):
            found.bases.setdefault(name, []).append(kind)
        for name in _mentioned([each.value for each in one.fields]):
            found.fields.setdefault(name, []).append(kind)
    return found


def _mentioned(expressions: Iterable[object]) -> set[str]:
    waiting = list(expressions)
    names: set[str] = set()
    while waiting:
        one = waiting.pop()
        if isinstance(one, Name):
            names.add(one.name)
        elif isinstance(one, tuple):
            waiting.extend(one)
        elif isinstance(one, Form):
            waiting.extend(getattr(one, name) for name in one.__struct_fields__)
    return names
