"""Lets messages come late, each by a time of its own, as a busy network may.

On one connection they keep their order: what comes after a late one waits for it. What waits when
its connection is closed is lost.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from redhanded.lab.choices import Choices
from redhanded.lab.proxy import Channel
from redhanded.lab.pump import Pump
from redhanded.lab.wire.unit import Unit


class Late:
    """What has arrived and is not due yet."""

    def __init__(self, pump: Pump, choices: Choices, most_ms: float) -> None:
        self._pump = pump
        self._choices = choices
        self._most_us = round(most_ms * 1000.0)
        self._early: set[tuple[Channel, int]] = set()
        """Connection and serial."""

    def draw_ms(self) -> float:
        """By how much the next message is late: 0 to the most, all as likely."""
        return self._choices.index(self._most_us + 1) / 1000.0

    def begin(self, channel: Channel, unit: Unit, go_on: Callable[[Channel], None]) -> None:
        """``unit`` has arrived; ``go_on`` is told when it is due."""
        self._early.add((channel, unit.serial))
        self._pump.after(self.draw_ms() / 1000.0, partial(self._due, channel, unit, go_on))

    def early(self, channel: Channel, unit: Unit) -> bool:
        """Whether ``unit`` is not due yet."""
        return (channel, unit.serial) in self._early

    def _due(self, channel: Channel, unit: Unit, go_on: Callable[[Channel], None]) -> None:
        self._early.discard((channel, unit.serial))
        go_on(channel)
