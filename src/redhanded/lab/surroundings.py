"""What the traffic asks of the lab around it."""

from __future__ import annotations

from typing import Any, Protocol

import psycopg

from redhanded.case.evidence import Location
from redhanded.lab.footprint import Catalogue, KeySpecifications


class Surroundings(Protocol):
    """What the traffic asks of the lab around it."""

    def keys(self, service: str) -> list[bytes]:
        """All keys of a Redis service."""

    def rows(self, service: str, sql: str) -> list[tuple[Any, ...]] | None:
        """Of a query to a PostgreSQL service, by a connection of the lab's own; None if a lock of
        the system is in the way."""

    def admin(self, service: str) -> psycopg.Connection[Any] | None:
        """That connection, if there is one."""

    def specifications(self, service: str) -> KeySpecifications: ...

    def catalogue(self, service: str) -> Catalogue: ...

    def stack(self, port: int, at: int, sealed_at: int | None = None) -> tuple[Location, ...]: ...

    def timer_fired(self, process: str) -> bool:
        """Whether a timer that was set before the current step fell due in it."""
