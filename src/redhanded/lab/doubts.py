"""What a process sends after a message although a timer of it fell due meanwhile: whose it is."""

from __future__ import annotations

from collections.abc import Callable

from redhanded.lab.causes import Causes
from redhanded.lab.held import Held


def may_be_a_timers(held: Held, causes: Causes, timer_fired: Callable[[str], bool]) -> bool:
    """Whether either may have sent it, the message or the timer, as nothing says which.

    A line says it, and so does the like of it that came in answer to a message alone. What touches
    nothing says nothing: a pool looks whether its connection is there, and opens a transaction, for
    whoever asks. So a doubt about that is handed on to what follows on the same connection.
    """
    if held.stack:
        return False
    expected = causes.expected(held)
    if expected and not held.free:
        return False
    before = None if held.cause is None else causes.done[held.cause]
    held.doubtful = timer_fired(held.process) or (
        before is not None
        and before.free
        and before.doubtful
        and before.connection == held.connection
    )
    return held.doubtful and not expected
