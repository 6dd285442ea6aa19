"""Confidence intervals of a failure rate."""

from __future__ import annotations

from scipy.special import betaincinv, gammaincinv

from redhanded.case.symptom import Interval, Rate


def rate(failures: int, trials: int, *, unit: str = "requests", confidence: float = 0.95) -> Rate:
    """``failures`` of ``trials`` with the exact interval around the share.

    Raises ``ValueError`` as ``clopper_pearson`` does.
    """
    interval = clopper_pearson(failures, trials, confidence=confidence)
    return Rate(failures=failures, trials=trials, interval=interval, unit=unit)


def clopper_pearson(failures: int, trials: int, *, confidence: float = 0.95) -> Interval:
    """The exact two-sided interval of a binomial proportion; never narrower than it claims.

    ``trials`` may be 0: nothing is known then, the interval is 0 to 1. Raises ``ValueError`` for
    counts that cannot be (negative, more failures than trials) and confidences outside (0, 1).
    Source: Clopper and Pearson, Biometrika 26 (1934), by quantiles of the beta distribution.
    """
    _check_counts(failures, trials)
    _check_confidence(confidence)
    tail = (1 - confidence) / 2
    passes = trials - failures
    low = 0.0 if failures == 0 else float(betaincinv(failures, passes + 1, tail))
    high = 1.0 if passes == 0 else float(betaincinv(failures + 1, passes, 1 - tail))
    return Interval(low=low, high=high, confidence=confidence)


def poisson_interval(events: int, *, confidence: float = 0.95) -> Interval:
    """The exact two-sided interval of the mean of which ``events`` were seen, where there is no
    number of trials.

    Raises ``ValueError`` for negative counts and confidences outside (0, 1). Source: Garwood,
    Biometrika 28 (1936), by quantiles of the gamma distribution.
    """
    _check_counts(0, events)
    _check_confidence(confidence)
    tail = (1 - confidence) / 2
    low = 0.0 if events == 0 else float(gammaincinv(events, tail))
    high = float(gammaincinv(events + 1, 1 - tail))
    return Interval(low=low, high=high, confidence=confidence)


def upper_bound_without_failure(trials: int, *, confidence: float = 0.95) -> float:
    """What 0 failures in ``trials`` runs allow the rate to be at most, one-sided and exact.

    At 95 % this is the rule of three: about ``3 / trials`` (Hanley and Lippman-Hand, JAMA 249,
    1983). 1.0 without a trial.
    """
    _check_counts(0, trials)
    _check_confidence(confidence)
    if trials == 0:
        return 1.0
    return float(1 - (1 - confidence) ** (1 / trials))


def _check_counts(failures: int, trials: int) -> None:
    if failures < 0 or trials < 0 or failures > trials:
        raise ValueError(f"{failures} failures of {trials} trials cannot be")


def _check_confidence(confidence: float) -> None:
    if not 0 < confidence < 1:
        raise ValueError(f"a confidence lies between 0 and 1, not at {confidence}")
