"""What a statement of one shape touches, with places where its values go.

The place of a value is a literal of the masked text or a bound parameter, so one parsed shape
serves every statement that differs in values only.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from redhanded.case.operation import Access

Transaction = Literal["begin", "commit", "rollback"]
Row = tuple[tuple[str, str], ...]

ANYTHING = "*"
"""The resource of a statement whose effect cannot be read: it may touch anything."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a value of a statement comes from."""

    index: int
    """Of the literal, from 0; of the parameter, from 1."""
    parameter: bool = False
    negative: bool = False


@dataclass(frozen=True, slots=True)
class AccessShape:
    """One access; which row is known once the values are."""

    resource: str
    access: Access
    columns: tuple[tuple[str, Place | str], ...] = ()
    """A string is a value that belongs to the shape (``true``)."""
    inserted: bool = False
    """True for a new row: uniqueness is checked against the rows that are there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """What every statement of one masked text does."""

    kind: str
    target: str = ""
    accesses: tuple[AccessShape, ...] = ()
    transaction: Transaction | None = None
    locks: tuple[str, ...] = ()
    calls: tuple[str, ...] = ()
    """User functions that it calls, lower case with schema where written."""
    defines: str | None = None
    """The function that it creates."""
    body: Place | None = None
    """The literal that holds procedural text: of the function it creates, or of ``DO``."""
    language: str = "plpgsql"


@dataclass(slots=True)
class Collected:
    """Accesses being gathered from one statement."""

    accesses: list[AccessShape] = field(default_factory=list)
    locks: list[str] = field(default_factory=list)
    calls: list[str] = field(default_factory=list)

    def add(self, access: AccessShape) -> None:
        if access not in self.accesses:
            self.accesses.append(access)

    def lock(self, resource: str) -> None:
        if resource not in self.locks:
            self.locks.append(resource)

    def call(self, name: str) -> None:
        if name not in self.calls:
            self.calls.append(name)
