"""A system of two web processes, for faults to come in between what they do."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from disturbing import Disturbed
from small_systems import disturbed, disturbed_python, lay_out

from redhanded.lab import open_lab


@pytest.fixture(scope="module")
def node(node_packages: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Disturbed]:
    folder = tmp_path_factory.mktemp("disturbed")
    root = lay_out("disturbed", folder, node_packages)
    with open_lab(disturbed(root), folder=folder / "lab") as lab:
        yield Disturbed(lab)


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Disturbed]:
    folder = tmp_path_factory.mktemp("disturbed_python")
    root = lay_out("disturbed_python", folder)
    with open_lab(disturbed_python(root), folder=folder / "lab") as lab:
        yield Disturbed(lab)
