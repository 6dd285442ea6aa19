"""REST framework: what its generic actions and serializers do.

References: https://www.django-rest-framework.org/api-guide/serializers/ (saving instances),
…/generic-views/ (``perform_create``), …/validators/: a `ModelSerializer` asks whether a unique
value is there, then creates the row.
"""

from __future__ import annotations

from redhanded.source.flow.effects import Effect
from redhanded.source.flow.framework import THIS, Callback, CallSite, Meaning, Surroundings
from redhanded.source.flow.frameworks.chain import (
    Link,
    constant_field,
    given,
    inherits,
    kind_of,
    lineage,
    links,
    method_of,
)
from redhanded.source.flow.frameworks.django_models import is_model, model_kind, model_of, table_of
from redhanded.source.flow.frameworks.django_signals import SAVED, sent
from redhanded.source.flow.frameworks.reading import elements, is_true, text
from redhanded.source.flow.frameworks.table import LibraryTable
from redhanded.source.flow.values import (
    Input,
    Kind,
    Known,
    Library,
    Made,
    Record,
    Result,
    Unknown,
    Value,
)

ACTIONS = frozenset({"create", "update", "partial_update", "destroy"})
HOOKS = {
    "create": "perform_create",
    "update": "perform_update",
    "partial_update": "perform_update",
    "destroy": "perform_destroy",
}
DATA = Input("request", ("body",))


def _call(site: CallSite, around: Surroundings) -> Meaning | None:
    chain = links(site.callee)
    if not chain or chain[-1].made is not None:
        return None
    name, through = chain[-1].name, site.callee.through
    if name in ACTIONS and _is_generic(chain) and isinstance(through, Record):
        return _action(name, through, around)
    if name in ("perform_create", "perform_update", "perform_destroy"):
        return _performed(site, name, around)
    if name == "get_object" and _is_generic(chain) and isinstance(through, Record):
        return _object(through, around)
    kind = kind_of(through)
    if kind is None or not _is_serializer(kind, around):
        return None
    if name == "save":
        return _saved(site, kind, through, around)
    if name in ("create", "update") and isinstance(through, Record):
        values = site.arguments[-1] if site.arguments else None
        return _written(name, kind, values, around)
    if name == "is_valid":
        return Meaning()
    return None


def _is_generic(chain: tuple[Link, ...]) -> bool:
    return any(
        one.name in ("GenericAPIView", "ModelViewSet", "GenericViewSet") for one in chain
    ) or (any(one.name.endswith(("Mixin", "APIView")) for one in chain))


def _is_serializer(kind: Kind, around: Surroundings) -> bool:
    return any(one.names[:1] == ("serializers",) for one in inherits(kind, around))


def _action(name: str, view: Record, around: Surroundings) -> Meaning:
    """``create``: a serializer is made and checked, then ``perform_create`` saves it."""
    kind = view.of
    if not isinstance(kind, Kind):
        return Meaning()
    serializer = _serializer(kind, around)
    hook = method_of(kind, HOOKS[name], around, view)
    instance: Value = Record({}, of=serializer, is_complete=False) if serializer else DATA
    if hook is not None:
        return Meaning(callbacks=(Callback(function=hook, arguments=(instance,), gives=True),))
    if name == "destroy" or serializer is None:
        return Meaning()
    if name != "create":
        instance = Record({"instance": Known(True)}, of=serializer, is_complete=False)
    save = Library("rest_framework", ("serializers", "ModelSerializer", Made(), "save"), instance)
    return Meaning(callbacks=(Callback(function=save, gives=True),))


def _object(view: Record, around: Surroundings) -> Meaning | None:
    """The row of the view's query set that the URL names."""
    kind = view.of
    if not isinstance(kind, Kind):
        return None
    model, table = model_of(constant_field(kind, "queryset", around), around)
    field = text(constant_field(kind, "lookup_field", around)) or "pk"
    name = text(constant_field(kind, "lookup_url_kwarg", around)) or field
    effect = Effect(
        kind="read",
        store="database",
        library="django",
        verb="get_object",
        subject=table or model or None,
        model=model,
        where={"id" if field == "pk" else field: Input("request", ("params", name))},
    )
    row = model_kind(constant_field(kind, "queryset", around), around)
    return Meaning(effects=(effect,), result=THIS if row is None else Result(THIS.event, (), row))


def _performed(site: CallSite, name: str, around: Surroundings) -> Meaning | None:
    """``super().perform_create(serializer)``."""
    serializer = site.arguments[0] if site.arguments else None
    kind = kind_of(serializer)
    if kind is None or name == "perform_destroy":
        return None
    return _save(kind, serializer, {}, name == "perform_update", around)


def _serializer(view: Kind, around: Surroundings) -> Kind | None:
    value = constant_field(view, "serializer_class", around)
    return value if isinstance(value, Kind) else None


def _saved(
    site: CallSite, kind: Kind, serializer: Value | None, around: Surroundings
) -> Meaning | None:
    parts = serializer.parts if isinstance(serializer, Record) else {}
    updates = "instance" in parts
    return _save(kind, serializer, dict(site.keywords), updates, around)


def _save(
    kind: Kind,
    serializer: Value | None,
    more: dict[str, Value],
    updates: bool,
    around: Surroundings,
) -> Meaning | None:
    receiver = serializer if isinstance(serializer, Record) else Record({}, kind, False)
    own = method_of(kind, "update" if updates else "create", around, receiver)
    data = validated(kind, around)
    if more:
        data = Record({**(data.parts if isinstance(data, Record) else {}), **more}, None, False)
    if own is not None:
        given: tuple[Value, ...] = (data,)
        if updates:
            given = (receiver.parts.get("instance", Known(None)), data)
        return Meaning(callbacks=(Callback(function=own, arguments=given, gives=True),))
    return _written("update" if updates else "create", kind, data, around)


def _written(name: str, kind: Kind, values: Value | None, around: Surroundings) -> Meaning | None:
    """What a `ModelSerializer` does by itself."""
    model = constant_field(kind, "model", around, "Meta")
    if not isinstance(model, Kind) or not is_model(model, around):
        return None
    written = dict(values.parts) if isinstance(values, Record) else {}
    if isinstance(values, Record) and not values.is_complete:
        written.setdefault("?", Unknown("values"))
    effect = Effect(
        kind="insert" if name == "create" else "save",
        store="database",
        library="django",
        verb=f"serializer.{name}",
        subject=table_of(model, around),
        model=model.name,
        values=written,
        whole=name == "update",
        options={} if written else {"data": DATA},
    )
    return Meaning(
        effects=(effect,),
        result=Result(THIS.event, (), model),
        callbacks=sent(SAVED, model, around, created=Known(name == "create")),
    )


def validated(kind: Kind, around: Surroundings) -> Value:
    """``validated_data``: what the request sent for each field that may be written."""
    listed = constant_field(kind, "fields", around, "Meta")
    closed = {
        text(one) for one in elements(constant_field(kind, "read_only_fields", around, "Meta"))
    }
    names = {name for one in elements(listed) if (name := text(one)) is not None}
    for owner, one in lineage(kind, around):
        for field in one.fields:
            made = around.evaluate(field.value, owner.path) if field.value is not None else None
            if not isinstance(made, Library) or made.package != "rest_framework":
                continue
            names.add(field.name)
            if is_true(given(links(made)[-1].made, -1, "read_only")):
                closed.add(field.name)
    names -= closed | {"id", "pk", "url"}
    if not names:
        return DATA
    return Record({one: Input("request", ("body", one)) for one in sorted(names)}, None, False)


def _part(of: Kind, name: str, around: Surroundings) -> Value | None:
    if name in ("validated_data", "initial_data") and _is_serializer(of, around):
        return validated(of, around)
    return None


FRAMEWORK = LibraryTable(
    name="rest framework", packages=("rest_framework",), calls=_call, relates=_part
)
