"""An order of events that can be demanded of a system, also of an edited one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from redhanded.case.operation import OperationName

SCHEDULE_VERSION = 2
"""Of what is written. 2 added ``mark`` to the names of operations; files of 1 are read as well."""
SCHEDULE_SCHEMA = f"redhanded/schedule/v{SCHEDULE_VERSION}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Constraint:
    """``before`` has been answered when ``after`` is released."""

    before: OperationName
    after: OperationName

    def flipped(self) -> Constraint:
        """The same two operations the other way round."""
        return Constraint(before=self.after, after=self.before)

    def __str__(self) -> str:
        return f"{self.before}  →  {self.after}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """A set of ordering constraints; everything else runs without preemption."""

    constraints: tuple[Constraint, ...] = ()
    deliveries: int = 1
    """How often the workload's request is delivered."""
    values: tuple[tuple[str, str | int | float | bool], ...] = ()
    """Names and values of the workload that it was found with; others are drawn."""
    version: int = SCHEDULE_VERSION

    def names(self) -> tuple[OperationName, ...]:
        """The operations that its constraints name, each once."""
        named = (name for each in self.constraints for name in (each.before, each.after))
        return tuple(dict.fromkeys(named))


Following = Literal["followed", "infeasible"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Followed:
    """How one run met the constraints of its schedule."""

    following: Following
    missed: tuple[Constraint, ...] = ()
    """The constraints that could not be met, with ``infeasible``."""
    why: str = ""
    unclear: tuple[str, ...] = ()
    """Names that the schedule leaves open on this code, and what was taken for them."""
