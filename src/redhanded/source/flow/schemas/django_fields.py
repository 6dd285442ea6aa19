"""Fields, constraints and app labels of Django, in models as in migrations.

Reference: https://docs.djangoproject.com/en/5.2/ref/models/fields/, ref/models/constraints/.
"""

from __future__ import annotations

import posixpath
import re
from dataclasses import dataclass

from redhanded.case.evidence import Location
from redhanded.source.flow.schema import Column, Said, Unique
from redhanded.source.flow.schemas.evaluation import Evaluation
from redhanded.source.flow.schemas.lists import elements, text, texts
from redhanded.source.flow.schemas.tool import is_true, last_call, written
from redhanded.source.flow.values import Kind, Known, Library, Made, Record, Value

_TO_ONE = ("ForeignKey", "OneToOneField", "ParentalKey", "TreeForeignKey", "TreeOneToOneField")
_NO_COLUMN = ("GenericForeignKey", "GenericRelation", "TaggableManager", "SerializerMethodField")


@dataclass(frozen=True, slots=True, kw_only=True)
class DjangoField:
    """A field as it is declared."""

    name: str
    kind: str
    column: str
    """Empty for one that is many-to-many."""
    is_unique: bool = False
    is_primary: bool = False
    is_nullable: bool = False
    default: str = ""
    to: str = ""
    """``app.Model``, ``Model`` or ``self``, in lower case."""
    through: str = ""
    db_table: str = ""
    location: Location | None = None

    @property
    def is_many(self) -> bool:
        return not self.column

    def as_column(self, table: str = "") -> Column:
        """``table``: of what it refers to."""
        return Column(
            name=self.column,
            type=self.kind.removesuffix("Field").lower(),
            default=self.default,
            attribute=self.name if self.name != self.column else "",
            is_nullable=self.is_nullable,
            references=table,
        )


def field_of(evaluation: Evaluation, name: str, value: Value) -> DjangoField | None:
    """The field that a value is; None: it is none."""
    called = last_call(value)
    if isinstance(value, Record) and isinstance(value.of, Kind):
        kind, made = _library_field(evaluation, value.of, 6), Made((), value.parts)
    elif called is not None and isinstance(value, Library):
        if {"forms", "serializers"} & set(value.names):
            return None
        kind, made = called
    else:
        return None
    if kind in _NO_COLUMN or kind == "Field" or not (kind.endswith("Field") or kind in _TO_ONE):
        return None
    return _field(name, kind, made)


def _field(name: str, kind: str, made: Made) -> DjangoField:
    keywords = made.keywords
    relates = kind in _TO_ONE or kind.endswith("ManyToManyField")
    target = keywords.get("to", made.arguments[0] if made.arguments and relates else None)
    column = text(keywords.get("db_column")) or (f"{name}_id" if kind in _TO_ONE else name)
    if kind.endswith("ManyToManyField"):
        column = ""
    default = keywords.get("db_default", keywords.get("default"))
    is_primary = is_true(keywords.get("primary_key"))
    return DjangoField(
        name=name,
        kind=kind,
        column=column,
        is_unique=is_true(keywords.get("unique")) or kind.endswith("OneToOneField"),
        is_primary=is_primary,
        is_nullable=is_true(keywords.get("null")) and not is_primary,
        default=written(default),
        to=_target(target),
        through=_target(keywords.get("through")),
        db_table=text(keywords.get("db_table")),
        location=made.location,
    )


def _target(value: Value | None) -> str:
    if isinstance(value, Kind):
        return f"{posixpath.dirname(value.path)}:{value.name}".lower()
    return text(value).lower()


def _library_field(evaluation: Evaluation, kind: Kind, depth: int) -> str:
    """The library's field that a class of the program is made from."""
    for base in evaluation.bases(kind) if depth else ():
        if isinstance(base, Library) and base.names:
            last = base.names[-1]
            if last in _TO_ONE or last.endswith("Field"):
                return last
        elif isinstance(base, Kind) and base != kind:
            found = _library_field(evaluation, base, depth - 1)
            if found:
                return found
    return ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DjangoConstraint:
    """Of ``Meta.constraints`` or ``AddConstraint``; ``fields`` are names of fields."""

    name: str
    fields: tuple[str, ...] = ()
    """Empty for a check."""
    text: str = ""
    """Of a check."""
    where: str = ""
    holds_nulls: bool = False
    location: Location | None = None


def constraint_of(value: Value | None) -> DjangoConstraint | None:
    """The constraint that a value is; None: it could not be read."""
    called = last_call(value)
    if called is None:
        return None
    kind, made = called
    name = text(made.keywords.get("name"))
    if kind == "UniqueConstraint":
        fields = texts(made.keywords.get("fields"))
        fields += tuple(_expression(one) for one in made.arguments)
        condition = made.keywords.get("condition")
        where = written(condition)
        return (
            DjangoConstraint(
                name=name,
                fields=fields,
                where=where,
                holds_nulls=made.keywords.get("nulls_distinct") == Known(False),
                location=made.location,
            )
            if fields
            else None
        )
    if kind in ("CheckConstraint", "ExclusionConstraint"):
        word = "CHECK" if kind == "CheckConstraint" else "EXCLUDE"
        said = made.keywords.get("condition", made.keywords.get("check"))
        said = said if said is not None else made.keywords.get("expressions")
        return DjangoConstraint(
            name=name, text=f"{word} ({written(said) or 'computed'})", location=made.location
        )
    return None


def _expression(value: Value) -> str:
    """``Lower('email')`` as ``lower(email)``, ``F('a').desc()`` as ``a``."""
    if isinstance(value, Known):
        return text(value)
    if not isinstance(value, Library):
        return ""
    for place, one in enumerate(value.steps):
        before = value.steps[place - 1] if place else ""
        if isinstance(one, Made) and isinstance(before, str) and one.arguments:
            inner = ", ".join(_expression(each) for each in one.arguments)
            plain = before in ("F", "OrderBy", "Collate")
            return inner if plain else f"{before.lower()}({inner})"
    return ""


def together_of(value: Value | None) -> tuple[tuple[str, ...], ...]:
    """``unique_together``: one list of names, or several."""
    given = elements(value)
    if given and all(isinstance(one, Known) for one in given):
        return (texts(value),)
    return tuple(texts(one) for one in given if texts(one))


def unique(
    columns: tuple[str, ...],
    said: Said,
    at: Location | None,
    *,
    name: str = "",
    where: str = "",
    is_primary: bool = False,
    holds_nulls: bool = False,
) -> Unique:
    return Unique(
        columns=columns,
        said=(said,),
        location=at,
        name=name or None,
        where=where,
        is_primary=is_primary,
        holds_nulls=holds_nulls,
    )


class AppLabels:
    """The label of the app that a file belongs to."""

    def __init__(self, evaluation: Evaluation) -> None:
        self.given: dict[str, str] = {}
        for path, module in evaluation.program.modules.items():
            if posixpath.basename(path) not in ("apps.py", "__init__.py"):
                continue
            for index, found in enumerate(module.classes):
                names = {one.name for one in found.fields}
                if names & {"label", "name"} and "Config" in found.name:
                    label = evaluation.member(Kind(path, index, found.name), "label")
                    name = evaluation.member(Kind(path, index, found.name), "name")
                    said = text(label) or text(name).rsplit(".", 1)[-1]
                    if said:
                        self.given.setdefault(posixpath.dirname(path), said)

    def of(self, path: str) -> str:
        """Of the folder above ``models`` and ``migrations``: as its configuration says, or its
        name."""
        folder = posixpath.dirname(path)
        inner = re.split(r"/(?:models|migrations|model|db)(?=/|$)", f"/{folder}")[0].strip("/")
        return self.given.get(inner) or posixpath.basename(inner) or "app"
