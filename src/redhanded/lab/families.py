"""Threads that sleep, and processes with theirs, as ``quiescence.py`` last saw them."""

from __future__ import annotations

from dataclasses import dataclass

Thread = tuple[int, str]
"""Process and thread identifier."""


@dataclass(slots=True)
class Nap:
    """What is known of a thread as long as it does not run again."""

    thread: Thread
    ran: bytes
    children: bytes | None
    """None: to be read again."""
    wakes_at: float
    """At the latest; ``time.monotonic()``, or infinite."""
    wakes_from: float
    """At the earliest: a time-out counts from when the thread went to sleep, not from the look."""
    within: bool = False
    """Nothing but a thread of its own process can wake it."""
    counted: bool = False

    def is_same_timer(self, other: Nap, slack_s: float) -> bool:
        """Whether both may wait for the same moment."""
        return (
            self.wakes_from <= other.wakes_at + slack_s
            and other.wakes_from <= self.wakes_at + slack_s
        )


@dataclass(slots=True)
class Family:
    """The threads of a process, and what they forked, as last seen."""

    ran: dict[Thread, bytes]
    """How long each had run."""
    forked: dict[Thread, bytes]
    children: list[int]
    lively: list[Thread]
    """Those that ran not long ago."""
    reachable: list[Thread]
    """Those that others than their own process can wake."""
