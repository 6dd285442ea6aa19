"""What the tests of the lab share."""

from __future__ import annotations

from pathlib import Path

import pytest
from node_drivers import install


@pytest.fixture(scope="session")
def node_packages() -> Path:
    """A folder whose ``node_modules`` holds the drivers that ``packages.json`` pins."""
    return install()
