"""Hunts on the example and on services derived from it, each made once for all tests."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hunting import Hunted, copy_of_example, hunt
from variants import Variant, build


@pytest.fixture(scope="session")
def example_hunt(tmp_path_factory: pytest.TempPathFactory) -> Hunted:
    """The whole hunt on the example."""
    target = copy_of_example(tmp_path_factory.mktemp("example"))
    return hunt("hunt", target, target / "logs", "duplicate key")


@pytest.fixture(scope="session")
def patched_hunt(tmp_path_factory: pytest.TempPathFactory) -> Hunted:
    """The same hunt with the example's own fix applied beforehand."""
    target = copy_of_example(tmp_path_factory.mktemp("patched"), patched=True)
    return hunt("hunt", target, target / "logs", "duplicate key")


@pytest.fixture(scope="session")
def derived(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str, bool], Variant]:
    """Services with other names, built once each."""
    made: dict[tuple[str, bool], Variant] = {}

    def of(kind: str, safe: bool) -> Variant:
        if (kind, safe) not in made:
            folder = tmp_path_factory.mktemp(f"{kind}-{'safe' if safe else 'buggy'}")
            made[kind, safe] = build(kind, folder, safe=safe)
        return made[kind, safe]

    return of
