"""How the tracer gets into a process."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from redhanded.lab.tracers import environment, preloads


@pytest.fixture
def pipe() -> Iterator[int]:
    reading, writing = os.pipe()
    yield writing
    os.close(reading)
    os.close(writing)


def test_options_of_the_user_come_first(pipe: int) -> None:
    found = environment(
        {"NODE_OPTIONS": "--max-old-space-size=512", "A": "b"}, trace_fd=pipe, ports=[5]
    )
    assert found["NODE_OPTIONS"].startswith("--max-old-space-size=512 --require ")
    assert found["A"] == "b"
    assert found["REDHANDED_TRACE_PORTS"] == "5"


def test_it_is_added_once(pipe: int) -> None:
    once = environment({}, trace_fd=pipe, ports=[5, 6])
    assert environment(once, trace_fd=pipe, ports=[5, 6]) == once


def test_where_it_is_said_whether_somebody_listens(pipe: int, tmp_path: Path) -> None:
    found = environment({}, trace_fd=pipe, ports=[5], heard=tmp_path / "heard")
    assert found["REDHANDED_TRACE_HEARD"] == str(tmp_path / "heard")
    assert "REDHANDED_TRACE_HEARD" not in environment({}, trace_fd=pipe, ports=[5])


def test_a_path_with_blanks_is_quoted() -> None:
    assert preloads._quoted('/a b/"c"') == '"/a b/\\"c\\""'
    assert preloads._quoted("/plain/path.cjs") == "/plain/path.cjs"


def test_the_users_python_path_stays_behind_ours(pipe: int) -> None:
    found = environment({"PYTHONPATH": "/a:/b"}, trace_fd=pipe, ports=[5])
    assert found["PYTHONPATH"] == f"{preloads.PYTHON_PRELOAD}:/a:/b"
    assert environment(found, trace_fd=pipe, ports=[5]) == found


def test_the_folder_offers_nothing_that_a_program_could_import_by_accident() -> None:
    names = {path.name for path in preloads.PYTHON_PRELOAD.iterdir()} - {"__pycache__"}
    assert names == {"__init__.py", "sitecustomize.py"}
