"""``ATOMIC_REQUESTS``: each view runs in a transaction of its own.

Reference: https://docs.djangoproject.com/en/stable/topics/db/transactions/#tying-transactions-to-http-requests.
It is committed when the view returns, and rolled back when it raises. ``non_atomic_requests``
takes a view out of it; views that are coroutines cannot be in it.
"""

from __future__ import annotations

from collections.abc import Iterator

from redhanded.source.flow.effects import Effect
from redhanded.source.flow.form import Attribute, Let, Name
from redhanded.source.flow.framework import Callback, CallSite, Meaning, Surroundings
from redhanded.source.flow.frameworks.chain import kind_of, method_of, once, procedure_of
from redhanded.source.flow.frameworks.reading import is_true, members
from redhanded.source.flow.values import Kind, Library, Made, Procedure, Value

OPTION = "ATOMIC_REQUESTS"
EXEMPT = "non_atomic_requests"
VIEW = ("core", "handlers", "base", "atomic_view")
"""Stands for the view that Django makes of one: the view itself is what it is ``through``."""


def wrapped(view: Value, around: Surroundings) -> Value:
    """A view as a request calls it."""
    if not once(_is_on, around) or _is_exempt(view, around):
        return view
    return Library("django", VIEW, through=view)


def served(site: CallSite, around: Surroundings) -> Meaning | None:
    """The call of a view that is wrapped."""
    if site.callee.steps != VIEW or site.callee.through is None:
        return None
    begin = Effect(kind="begin", store="database", library="django", verb=OPTION)
    called = Callback(
        function=site.callee.through,
        arguments=site.arguments,
        keywords=site.keywords,
        in_transaction=True,
        gives=True,
    )
    return Meaning(effects=(begin,), callbacks=(called,), whole_path=True)


def _is_on(around: Surroundings) -> bool:
    return any(_settings(around))


def _settings(around: Surroundings) -> Iterator[bool]:
    """What the settings say of each database: in ``DATABASES``, or set on a part of it."""
    for module in around.modules():
        if module.language != "python":
            continue
        for one in module.functions[0].body:
            if not isinstance(one, Let):
                continue
            if one.target == Name("DATABASES"):
                for said in members(around.evaluate(one.value, module.path)).values():
                    yield is_true(members(said).get(OPTION))
            elif isinstance(one.target, Attribute) and one.target.name == OPTION:
                yield is_true(around.evaluate(one.value, module.path))


def _is_exempt(view: Value, around: Surroundings) -> bool:
    function = procedure_of(view)
    kind = kind_of(view)
    if isinstance(function, Procedure):
        if around.function_of(function).is_async:
            return True
        kind = kind or kind_of(function.receiver)
        if any(_exempts(one) for one in around.decorators(function)):
            return True
    if not isinstance(kind, Kind):
        return False
    dispatch = method_of(kind, "dispatch", around)
    said = around.decorators(kind)
    if dispatch is not None:
        said = (*said, *around.decorators(dispatch))
    return any(_exempts(one) for one in said)


def _exempts(decorator: Value, depth: int = 4) -> bool:
    """``non_atomic_requests``, or ``method_decorator`` that is given it."""
    if not isinstance(decorator, Library) or depth == 0:
        return False
    given = [one for step in decorator.steps if isinstance(step, Made) for one in step.arguments]
    return EXEMPT in decorator.names or any(_exempts(one, depth - 1) for one in given)
