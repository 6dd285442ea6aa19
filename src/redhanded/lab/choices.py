"""The one recorded source of choice.

Order, faults, data and time of a trial are drawn from here. The same seed gives the same draws; the
recorded draws of a run are enough to make it again.
"""

from __future__ import annotations

import random
import string

ALPHABET = string.ascii_lowercase + string.digits


class Choices:
    """Draws of one trial, each one recorded."""

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self.drawn: list[int] = []
        self._random = random.Random(seed)

    def index(self, width: int) -> int:
        """A number from 0 to ``width`` - 1, every one as likely."""
        drawn = self._random.randrange(width)
        self.drawn.append(drawn)
        return drawn

    def token(self, length: int = 12) -> str:
        """Letters and digits, a letter first: a value that no other trial of this seed has."""
        head = ALPHABET[self.index(26)]
        return head + "".join(ALPHABET[self.index(36)] for _ in range(length - 1))
