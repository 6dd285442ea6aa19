"""Views of Django and REST framework: the functions of the program that serve a request.

References: https://docs.djangoproject.com/en/stable/ref/class-based-views/,
https://www.django-rest-framework.org/api-guide/generic-views/, …/viewsets/. What a library's own
``post`` or ``create`` does is told as the hooks of the program that it calls: ``form_valid``,
``perform_create``, the serializer's ``create``.
"""

from __future__ import annotations

from collections.abc import Iterator

from redhanded.source.flow.framework import Surroundings
from redhanded.source.flow.frameworks.chain import (
    inherits,
    lineage,
    links,
    method_of,
)
from redhanded.source.flow.frameworks.python_routes import METHODS, methods_in
from redhanded.source.flow.frameworks.reading import is_true, text
from redhanded.source.flow.values import Kind, Library, Made, Procedure, Record, Value

ACTIONS = {
    "list": ("GET", False),
    "create": ("POST", False),
    "retrieve": ("GET", True),
    "update": ("PUT", True),
    "partial_update": ("PATCH", True),
    "destroy": ("DELETE", True),
}
"""Of a view set: method, and whether it is about one."""
MIXED_IN = {
    "CreateModelMixin": ("create",),
    "ListModelMixin": ("list",),
    "RetrieveModelMixin": ("retrieve",),
    "UpdateModelMixin": ("update", "partial_update"),
    "DestroyModelMixin": ("destroy",),
    "ModelViewSet": tuple(ACTIONS),
    "ReadOnlyModelViewSet": ("list", "retrieve"),
}
GENERIC = {
    "CreateAPIView": {"post": "create"},
    "ListAPIView": {"get": "list"},
    "RetrieveAPIView": {"get": "retrieve"},
    "DestroyAPIView": {"delete": "destroy"},
    "UpdateAPIView": {"put": "update", "patch": "partial_update"},
    "ListCreateAPIView": {"get": "list", "post": "create"},
    "RetrieveUpdateAPIView": {"get": "retrieve", "put": "update", "patch": "partial_update"},
    "RetrieveDestroyAPIView": {"get": "retrieve", "delete": "destroy"},
    "RetrieveUpdateDestroyAPIView": {
        "get": "retrieve",
        "put": "update",
        "patch": "partial_update",
        "delete": "destroy",
    },
}
"""What the methods of REST framework's generic views are."""
FORM_VIEWS = frozenset({"CreateView", "UpdateView", "FormView", "DeleteView", "ModelFormMixin"})


def methods_of(function: Procedure, around: Surroundings) -> tuple[str, ...]:
    """The methods that decorators let through: ``@require_POST``, ``@api_view(["POST"])``."""
    for value in around.decorators(function):
        if not isinstance(value, Library) or not value.steps:
            continue
        last = links(value)[-1]
        if last.name in ("require_POST", "require_GET", "require_safe"):
            return ("POST" if last.name == "require_POST" else "GET",)
        if last.name in ("require_http_methods", "api_view") and last.made is not None:
            first = last.made.arguments[0] if last.made.arguments else None
            return methods_in(first, "GET")
    return ("ANY",)


def instance(kind: Kind) -> Record:
    """The view that is made for one request."""
    return Record({}, of=kind, is_complete=False)


def served(
    kind: Kind, view: Library, around: Surroundings
) -> Iterator[tuple[str, tuple[Value, ...]]]:
    """Each method that a class serves with the functions of the program that run for it."""
    receiver = instance(kind)
    chosen = _chosen(view)
    if chosen:
        for method, action in chosen.items():
            functions = action_functions(kind, action, receiver, around)
            if functions:
                yield method.upper(), functions
        return
    for method in sorted(METHODS - {"options", "head"}):
        own = method_of(kind, method, around, receiver)
        if own is not None:
            yield method.upper(), (own,)
            continue
        for base in inherits(kind, around):
            name = base.names[-1] if base.names else ""
            generic = GENERIC.get(name, {}).get(method)
            if generic is not None:
                functions = action_functions(kind, generic, receiver, around)
                if functions:
                    yield method.upper(), functions
                break
            if name in FORM_VIEWS and method == "post":
                hook = method_of(kind, "form_valid", around, receiver)
                if hook is not None:
                    yield "POST", (hook,)
                break


def _chosen(view: Library) -> dict[str, str]:
    """``as_view({"get": "list"})``."""
    for one in links(view):
        if one.name == "as_view" and one.made is not None and one.made.arguments:
            first = one.made.arguments[0]
            if isinstance(first, Record):
                found = {name: text(value) for name, value in first.parts.items()}
                return {name: value for name, value in found.items() if value is not None}
    return {}


def action_functions(
    kind: Kind, action: str, receiver: Record, around: Surroundings
) -> tuple[Value, ...]:
    """What runs for an action: the program's own, or the library's with its hooks."""
    own = method_of(kind, action, around, receiver)
    if own is not None:
        return (own,)
    step = Library(
        "rest_framework", ("generics", "GenericAPIView", Made(), action), through=receiver
    )
    return (step,) if action in ("create", "update", "partial_update", "destroy") else ()


def actions_of(kind: Kind, around: Surroundings) -> Iterator[tuple[str, str, bool]]:
    """Method, name and whether it is about one, of a view set."""
    names: dict[str, tuple[str, bool]] = {}
    for base in inherits(kind, around):
        for action in MIXED_IN.get(base.names[-1] if base.names else "", ()):
            names[action] = ACTIONS[action]
    for owner, one in lineage(kind, around):
        module = around.module(owner.path)
        for index in one.methods if module is not None else ():
            function = module.functions[index] if module is not None else None
            if function is None:
                continue
            if function.name in ACTIONS:
                names[function.name] = ACTIONS[function.name]
            elif function.decorators:
                said = _action(Procedure(owner.path, index), around)
                if said is not None:
                    for method in said[0]:
                        yield method.lower(), function.name, said[1]
    for name, (method, detail) in names.items():
        yield method.lower(), name, detail


def _action(here: Procedure, around: Surroundings) -> tuple[tuple[str, ...], bool] | None:
    """``@action(detail=True, methods=["post"])``."""
    for value in around.decorators(here):
        if isinstance(value, Library) and value.steps:
            last = links(value)[-1]
            if last.name == "action" and last.made is not None:
                methods = methods_in(last.made.keywords.get("methods"), "GET")
                return methods, is_true(last.made.keywords.get("detail"))
    return None
