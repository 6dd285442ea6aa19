from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from redhanded.stats.samples import chance_of_seeing, runs_needed


def test_known_sample_sizes() -> None:
    assert runs_needed(0.003, confidence=0.95) == 998
    assert runs_needed(0.003, confidence=0.99) == 1533
    assert runs_needed(1.0) == 1


@given(st.floats(1e-5, 0.9), st.floats(0.5, 0.999))
def test_is_the_smallest_number_that_suffices(rate: float, confidence: float) -> None:
    runs = runs_needed(rate, confidence=confidence)
    assert chance_of_seeing(rate, runs) >= confidence - 1e-9
    assert chance_of_seeing(rate, runs - 1) < confidence + 1e-9


@pytest.mark.parametrize("rate", [0, -0.1, 1.1])
def test_refuses_rates_that_cannot_be(rate: float) -> None:
    with pytest.raises(ValueError, match="failure rate"):
        runs_needed(rate)
