"""Whether a property goes with failing: Fisher's exact test of a two-by-two table."""

from __future__ import annotations

import numpy as np
from scipy.special import gammaln

_TIE = 1e-7
"""Relative slack below which two tables count as equally likely; the value R and SciPy use."""


def fisher(failing_with: int, failing: int, others_with: int, others: int) -> float:
    """Two-sided p-value that the share ``failing_with / failing`` equals that of the others.

    The sum over all tables with the same margins that are at most as likely as the one seen
    (Fisher 1934; the two-sided definition of R's ``fisher.test``). 1.0 when a margin is empty.
    Raises ``ValueError`` when a part is larger than its whole.
    """
    if not (0 <= failing_with <= failing and 0 <= others_with <= others):
        raise ValueError(
            f"{failing_with} of {failing} and {others_with} of {others} is not a two-by-two table"
        )
    having = failing_with + others_with
    total = failing + others
    if failing == 0 or others == 0 or having in (0, total):
        return 1.0
    counts = np.arange(max(0, having - others), min(having, failing) + 1)
    chances = (
        _log_choose(np.asarray(failing), counts)
        + _log_choose(np.asarray(others), having - counts)
        - _log_choose(np.asarray(total), np.asarray(having))
    )
    seen = chances[failing_with - counts[0]]
    return float(min(1.0, np.exp(chances[chances <= seen + _TIE]).sum()))


def _log_choose(whole: np.ndarray, part: np.ndarray) -> np.ndarray:
    return np.asarray(gammaln(whole + 1) - gammaln(part + 1) - gammaln(whole - part + 1))
