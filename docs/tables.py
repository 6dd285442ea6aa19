"""The benchmark's figures, cut into the README: headings, tables and verdicts, word for word.

python docs/tables.py
"""

from __future__ import annotations

import sys

from section import ROOT, write

RESULTS = ROOT / "bench" / "results" / "first-hunt.md"
NAME = "tables"


def main() -> int:
    write(NAME, quoted(RESULTS.read_text(encoding="utf-8")))
    return 0


def quoted(page: str) -> str:
    """Of the page's blocks: headings, one level deeper, tables, and what has a bold figure."""
    kept = []
    for block in page.strip().split("\n\n"):
        if block.startswith("# "):
            continue
        if block.startswith("#"):
            kept.append(f"#{block}")
        elif block.startswith("|") or "**" in block:
            kept.append(block)
    return "\n\n".join(kept)


if __name__ == "__main__":
    sys.exit(main())
