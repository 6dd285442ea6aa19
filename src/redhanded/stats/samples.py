"""How many runs a statement needs."""

from __future__ import annotations

import math


def runs_needed(rate: float, *, confidence: float = 0.95) -> int:
    """Independent runs after which a failure of ``rate`` has shown with ``confidence``.

    The smallest n with 1 - (1 - rate)^n >= confidence: 998 for 0.003 at 95 %, 1,533 at 99 %.
    Raises ``ValueError`` unless 0 < rate <= 1 and 0 < confidence < 1.
    """
    if not 0 < rate <= 1:
        raise ValueError(f"a failure rate lies above 0 and at most at 1, not at {rate}")
    if not 0 < confidence < 1:
        raise ValueError(f"a confidence lies between 0 and 1, not at {confidence}")
    if rate == 1:
        return 1
    return math.ceil(math.log1p(-confidence) / math.log1p(-rate))


def chance_of_seeing(rate: float, runs: int) -> float:
    """Probability of at least one failure in ``runs`` independent runs at ``rate``."""
    if not 0 <= rate <= 1:
        raise ValueError(f"a failure rate lies between 0 and 1, not at {rate}")
    if runs < 0:
        raise ValueError(f"{runs} runs cannot be")
    if rate == 1:
        return 1.0 if runs else 0.0
    return -math.expm1(runs * math.log1p(-rate))
