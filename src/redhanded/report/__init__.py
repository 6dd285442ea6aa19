"""A case as something to read: one HTML page, the same in Markdown, sentences for a terminal."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from redhanded.case.case import Case


def write(case: Case, folder: Path) -> Path:
    """See `writing.write`, whose templates are loaded when a page is written."""
    from redhanded.report import writing

    return writing.write(case, folder)


__all__ = ["write"]
