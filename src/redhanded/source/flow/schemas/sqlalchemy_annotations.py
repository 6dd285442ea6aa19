"""What annotations and computed names of SQLAlchemy's models say."""

from __future__ import annotations

import re
from collections.abc import Iterator

from redhanded.source.flow import form
from redhanded.source.flow.form import Expression
from redhanded.source.flow.module import Class, Field
from redhanded.source.flow.schemas.evaluation import Evaluation
from redhanded.source.flow.schemas.lists import text
from redhanded.source.flow.schemas.running import run
from redhanded.source.flow.schemas.walking import flat, inside
from redhanded.source.flow.values import Kind, Procedure

CONTAINERS = ("Mapped", "Annotated", "Optional", "Union", "List", "list", "WriteOnlyMapped")
"""What stands around the type in an annotation."""


def is_field(one: Field) -> bool:
    """Whether an annotation alone makes a column: ``Mapped[…]``, or a plain SQLModel field."""
    said = names_in(one.annotation) if one.annotation is not None else frozenset()
    if "relationship" in said or "ClassVar" in said or "List" in said or "list" in said:
        return False
    if one.value is not None:
        return isinstance(one.value, form.Constant)
    return True


def names_in(expression: Expression) -> frozenset[str]:
    """The names in an annotation, also in one that is written as text."""
    return frozenset(_ordered_names(expression)) | frozenset(
        "None" for one in inside(expression) if isinstance(one, form.Constant) and one.value is None
    )


def type_text(annotation: Expression) -> str:
    found = [
        one
        for one in _ordered_names(annotation)
        if one not in (*CONTAINERS, "None", "mapped_column", "typing", "orm", "sqlalchemy")
    ]
    return found[0].lower() if found else ""


def _ordered_names(expression: Expression) -> Iterator[str]:
    for one in inside(expression):
        if isinstance(one, form.Name | form.Attribute):
            yield one.name
        elif isinstance(one, form.Constant) and isinstance(one.value, str):
            yield from re.findall(r"\w+", one.value)


def computed_name(
    evaluation: Evaluation, kind: Kind, method: Procedure, found: Class
) -> str | None:
    """``cls.__name__.lower()`` and the like; None where it is something else."""
    function = evaluation.program.modules[kind.path].functions[method.function]
    said = [one.value for one in flat(function.body) if isinstance(one, form.Return)]
    if len(said) != 1 or said[0] is None:
        return None
    given = run(evaluation, method, ())
    if text(given):
        return text(given)
    expression = said[0]
    endings = ""
    if isinstance(expression, form.Operation) and expression.operator == "+":
        last = expression.operands[-1]
        endings = str(last.value) if isinstance(last, form.Constant) else ""
        expression = expression.operands[0]
    is_lower = (
        isinstance(expression, form.Call)
        and isinstance(expression.function, form.Attribute)
        and expression.function.name == "lower"
        and isinstance(expression.function.base, form.Attribute)
        and expression.function.base.name == "__name__"
    )
    return found.name.lower() + endings if is_lower else None


def snake(name: str) -> str:
    """``UserProfile`` as ``user_profile``, as Flask-SQLAlchemy does it."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name).lower()
