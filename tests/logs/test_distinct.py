from __future__ import annotations

import numpy as np
import pytest

from redhanded.logs.distinct import numbered


@pytest.mark.parametrize("most", [1, 5, 1 << 40, (1 << 64) - 1], ids=["one", "few", "low", "even"])
def test_numbers_are_those_of_the_values_in_order(most: int) -> None:
    codes = np.random.default_rng(1).integers(0, most, 5_000, np.uint64, endpoint=True)
    number, first = numbered(codes)
    values, places, index = np.unique(codes, return_index=True, return_inverse=True)
    assert (number == index).all() and (first == places).all()
    assert (codes[first] == values).all()


def test_nothing_has_no_numbers() -> None:
    number, first = numbered(np.zeros(0, np.uint64))
    assert len(number) == len(first) == 0
