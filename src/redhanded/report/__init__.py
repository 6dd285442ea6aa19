"""A case as something to read: one HTML page, the same in Markdown, sentences for a terminal."""

from __future__ import annotations

from redhanded.report.writing import write

__all__ = ["write"]
