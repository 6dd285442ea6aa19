"""A call as it is written, and what it is given."""

from __future__ import annotations

from redhanded.case.evidence import Location
from redhanded.source.flow import form
from redhanded.source.flow.form import Expression
from redhanded.source.flow.values import Either, Record, Value
from redhanded.source.flow.walking import expressions, members
from redhanded.source.flow.walking.run import Run
from redhanded.source.flow.walking.scope import Scope

TEXT_MAX = 120


class Site:
    """A call in a function that runs. Its arguments are evaluated once, when they are asked for."""

    __slots__ = ("_given", "form", "run", "scope")

    def __init__(self, run: Run, one: form.Call, scope: Scope) -> None:
        self.run = run
        self.form = one
        self.scope = scope
        self._given: tuple[tuple[Value, ...], dict[str, Value]] | None = None

    @property
    def location(self) -> Location:
        return self.run.place(self.form.line, self.scope)

    @property
    def callee(self) -> str:
        return written(self.form.function)

    def preset(self, arguments: tuple[Value, ...], keywords: dict[str, Value]) -> None:
        """For a call that stands nowhere: what it is given."""
        self._given = (arguments, keywords)

    def given(self) -> tuple[tuple[Value, ...], dict[str, Value]]:
        """The arguments by place and by name."""
        if self._given is None:
            self._given = _evaluated(self.run, self.form.arguments, self.scope)
            self.run.line = self.form.line
        return self._given


def _evaluated(
    run: Run, arguments: tuple[form.Argument, ...], scope: Scope
) -> tuple[tuple[Value, ...], dict[str, Value]]:
    found: list[Value] = []
    keywords: dict[str, Value] = {}
    for one in arguments:
        value = expressions.evaluate(run, one.value, scope)
        if one.spread and one.name == "**":
            if isinstance(value, Record):
                keywords.update(dict(value.parts))
        elif one.spread:
            found.extend(_spread(run, value))
        elif one.name is not None:
            keywords[one.name] = value
        else:
            found.append(value)
    return tuple(found), keywords


def _spread(run: Run, value: Value) -> list[Value]:
    if isinstance(value, Either):
        value = next((one for one in value.values if isinstance(one, Record)), value)
    if isinstance(value, Record) and members.EACH not in value.parts and value.is_complete:
        return list(value.parts.values())
    return [members.element(run, value)]


def written(one: Expression) -> str:
    """How a callee is written, shortened."""
    text = _written(one, 6)
    return text if len(text) <= TEXT_MAX else "…" + text[1 - TEXT_MAX :]


def _written(one: Expression, depth: int) -> str:
    if depth == 0:
        return "…"
    if isinstance(one, form.Name):
        return one.name
    if isinstance(one, form.Attribute):
        return f"{_written(one.base, depth - 1)}.{one.name}"
    if isinstance(one, form.Call):
        return f"{_written(one.function, depth - 1)}(…)"
    if isinstance(one, form.Await):
        return _written(one.value, depth)
    if isinstance(one, form.Item):
        return f"{_written(one.base, depth - 1)}[…]"
    if isinstance(one, form.Other):
        return one.text
    return "…"
