"""A command line of its own for each test, and one cache for all of them."""

from __future__ import annotations

import os
import shutil
import signal
import tempfile
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from command_line import TIMEOUT_S, CommandLine, Until


@pytest.fixture(scope="session")
def cache() -> Iterator[Path]:
    """A cache of our own: what lies in its ``run`` folder was left by one of these tests."""
    folder = Path(tempfile.mkdtemp(prefix="rh-", dir="/tmp"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def line(tmp_path: Path, cache: Path) -> Iterator[CommandLine]:
    """A command line that must leave nothing behind."""
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    mark = uuid.uuid4().hex
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith("REDHANDED_")
    }
    environment |= {
        "XDG_CACHE_HOME": str(cache.parent / cache.name),
        "TMPDIR": str(temporary),
        "STARTED_BY": mark,
    }
    made = CommandLine(tmp_path / "target", cache / "redhanded", temporary, environment, mark)
    yield made
    for process in made.started:
        if process.poll() is None:
            process.send_signal(signal.SIGKILL)
            process.wait()
    assert made.left() == []


@pytest.fixture
def until() -> Until:
    """Waits by looking."""
    import time

    def wait(there: Callable[[], bool]) -> None:
        deadline = time.monotonic() + TIMEOUT_S
        while not there():
            assert time.monotonic() < deadline, "it did not come to that"
            time.sleep(0.005)

    return wait
