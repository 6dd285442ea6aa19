"""How many of the reported findings chance may have made, when many questions were asked."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def benjamini_hochberg(
    log_p: NDArray[np.float64], *, asked: int | None = None
) -> NDArray[np.float64]:
    """Logarithms of the adjusted p-values (q): reporting all with q <= 0.05 makes at most 5 % of
    what is reported false, on average.

    ``log_p`` are natural logarithms; ``asked`` is the number of questions, if more were asked than
    are given here (the others count as p = 1). Holds for independent and for positively dependent
    questions (Benjamini and Hochberg 1995; Benjamini and Yekutieli 2001). Where nothing is true it
    bounds the chance of reporting anything at all. Raises ``ValueError`` if ``asked`` is less than
    what is given.
    """
    count = len(log_p)
    questions = count if asked is None else asked
    if questions < count:
        raise ValueError(f"{count} answers to {questions} questions cannot be")
    if count == 0:
        return np.zeros(0)
    order = np.argsort(log_p, kind="stable")
    scaled = log_p[order] + np.log(questions) - np.log(np.arange(1, count + 1))
    adjusted = np.minimum.accumulate(scaled[::-1])[::-1]
    result = np.empty(count)
    result[order] = np.minimum(adjusted, 0.0)
    return result
