"""Decorated functions in the file of what decorates them."""

from __future__ import annotations

from pathlib import Path

from redhanded.source.flow.events import Path as Way
from redhanded.source.flow.frameworks import FRAMEWORKS
from redhanded.source.flow.program import Program
from redhanded.source.flow.reading import read
from redhanded.source.flow.walk import walk

TEXT = """
from celery import Celery

queue = Celery("visits", broker="redis://x")

@queue.task(max_retries=3, autoretry_for=(OSError,))
def confirm(visit):
    return visit

@queue.task
def book(visit):
    confirm.delay(visit)
"""


def walked(root: Path, text: str) -> tuple[Way, ...]:
    (root / "visits.py").write_text(text)
    packages = [package for one in FRAMEWORKS for package in one.packages]
    files = read(root, ["."], packages, processes=1)
    return walk(Program(files.modules, FRAMEWORKS, resolving=files))


def test_a_decorator_that_is_made_before_the_function(tmp_path: Path) -> None:
    paths = walked(tmp_path, TEXT)
    assert {one.entry.kind for one in paths} == {"job"}
    assert {one.entry.job for one in paths} == {"visits.confirm", "visits.book"}


def test_what_a_library_adds_to_a_function(tmp_path: Path) -> None:
    (book,) = (one for one in walked(tmp_path, TEXT) if one.entry.job == "visits.book")
    (event,) = (one for one in book.events if one.effect is not None)
    assert event.effect is not None
    assert event.effect.kind == "enqueue"
    assert event.effect.job == "visits.confirm"
    assert len(book.jobs) == 1
