"""Which of the consumers that wait for something could be served now."""

from __future__ import annotations

from collections.abc import Iterable

from redhanded.lab.held import Held
from redhanded.lab.running import RunningSystem


class Feeding:
    """Asks the servers, and asks again only after they were sent something."""

    def __init__(self, running: RunningSystem) -> None:
        self.running = running
        self._then: dict[tuple[str, int, tuple[bytes, ...]], tuple[int, bool]] = {}
        """By service and keys: how many units the service had been sent, and what it said."""

    def begin(self) -> None:
        """Forgets the last trial."""
        self._then.clear()

    def fed(self, blocked: Iterable[Held]) -> list[Held]:
        """Blocked consumers whose keys hold something now."""
        return [held for held in blocked if held.blocking and self._holds_something(held)]

    def ask_ahead(self) -> None:
        """Asks what will have to be known when the next thing is chosen."""
        self.fed(self.running.traffic.parked)

    def _holds_something(self, held: Held) -> bool:
        server = self.running.servers[held.service]
        keys = held.blocking.keys if held.blocking else ()
        if server.client is None or held.unit is None or not keys:
            return False
        asked = (held.service, held.unit.database, keys)
        sent = self.running.traffic.forwarded[held.service]
        known = self._then.get(asked)
        if known is None or known[0] != sent:
            client = server.database(held.unit.database)
            known = self._then[asked] = (sent, bool(client.exists(*keys)))
        return known[1]
