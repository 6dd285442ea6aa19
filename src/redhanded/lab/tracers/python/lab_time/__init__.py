"""Keeps a Python process on the clock of the lab: real time and one offset that the lab moves.

``reading`` is what the clocks say, ``waiting`` and ``selecting`` how long a thread waits,
``listening`` how the lab tells that it has moved the offset and hears when the next wait ends.
What waits in C code is not reached: time-outs of sockets, of ``Lock.acquire``, ``Thread.join`` and
``SimpleQueue.get``, and the loops that ``listening.NOT_MOVED`` names.
"""

from __future__ import annotations


def install() -> None:
    """For this process and all that it forks; before the program has looked at a clock."""
    from . import listening, plain, reading, selecting, waiting

    reading.patch()
    waiting.patch()
    selecting.patch()
    plain.hand_out()
    listening.begin()
