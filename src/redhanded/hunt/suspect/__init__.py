"""Suspect: ranked hypotheses, each with evidence, an experiment, and what would refute it.

A new mechanism is one module with the names of ``Mechanism`` and one line in
``ranking.MECHANISMS``. The mechanisms are loaded when they are asked: a scan asks rules alone.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from redhanded.hunt.suspect.found import findings
    from redhanded.hunt.suspect.ranking import blame, judge, rank

__all__ = ["blame", "findings", "judge", "rank"]
_HOME = {"blame": "ranking", "findings": "found", "judge": "ranking", "rank": "ranking"}


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
