"""Sections of the README that are cut in by a program and never typed."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
README = ROOT / "README.md"


def section(text: str, name: str) -> str:
    """What stands between ``<!-- name -->`` and ``<!-- /name -->``, without the lines around it.

    Raises ValueError where the markers are not there exactly once and in this order.
    """
    _, body, _ = _parts(text, name)
    return body.strip("\n")


def replaced(text: str, name: str, body: str) -> str:
    """``text`` with ``body`` between the markers."""
    before, _, after = _parts(text, name)
    return f"{before}\n\n{body}\n\n{after}" if body else f"{before}\n{after}"


def write(name: str, body: str) -> None:
    """Puts ``body`` into the README."""
    text = README.read_text(encoding="utf-8")
    README.write_text(replaced(text, name, body), encoding="utf-8")


def _parts(text: str, name: str) -> tuple[str, str, str]:
    opening, closing = f"<!-- {name} -->", f"<!-- /{name} -->"
    if text.count(opening) != 1 or text.count(closing) != 1:
        raise ValueError(f"The markers {opening} and {closing} have to stand there once each.")
    before, _, rest = text.partition(opening)
    body, found, after = rest.partition(closing)
    if not found:
        raise ValueError(f"{closing} stands before {opening}.")
    return before + opening, body, closing + after
