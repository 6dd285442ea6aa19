"""What entities of TypeORM call the columns of their tables."""

from __future__ import annotations

import re
from pathlib import Path

from redhanded.hunt.repair import attributes

_MAPPED = re.compile(
    r"""@(?:\w*Column)\(\s*[^@;]*?\bname\s*:\s*['"](\w+)['"][^@;]*?\)\s*"""
    r"(?:(?:public|private|protected|readonly|declare)\s+)*(\w+)\s*[!?]?\s*:",
    re.DOTALL,
)


def entity_columns(root: Path) -> dict[str, str]:
    """Property to column, wherever an entity gives a column another name."""
    found: dict[str, str] = {}
    for path in attributes.scripts(root, (".",)):
        text = path.read_text(encoding="utf-8", errors="replace")
        if "Column(" in text:
            found.update({match[2]: match[1] for match in _MAPPED.finditer(text)})
    return found


def known_as(known: dict[str, str], column: str) -> str:
    """The property for a column, where no literal shows it."""
    return next((name for name, stored in known.items() if stored == column), column)
