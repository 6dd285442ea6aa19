"""Functions and modules stay short; what is longer today is written down and may not grow."""

from __future__ import annotations

import ast
import json
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
KNOWN = Path(__file__).with_name("lengths.json")
FUNCTION_LINES_MAX = 60
MODULE_LINES_MAX = 400
COUNTED = {".py", ".cjs", ".j2", ".css"}


def test_nothing_grows_beyond_what_is_written_down() -> None:
    known: dict[str, int] = json.loads(KNOWN.read_text(encoding="utf-8"))
    grown = {
        name: f"{lines} lines, {known.get(name, 'at most ' + str(limit(name)))} allowed"
        for name, lines in too_long(ROOT / "src").items()
        if lines > known.get(name, limit(name))
    }
    assert not grown, f"split these, or lengths.json has to say why not: {grown}"


def test_what_was_shortened_is_taken_off_the_list() -> None:
    known: dict[str, int] = json.loads(KNOWN.read_text(encoding="utf-8"))
    assert sorted(known.keys() - too_long(ROOT / "src").keys()) == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("x = 1\n" * MODULE_LINES_MAX, {}),
        ("x = 1\n" * (MODULE_LINES_MAX + 1), {"sample.py": MODULE_LINES_MAX + 1}),
        ("def f():\n" + "    x = 1\n" * (FUNCTION_LINES_MAX - 1), {}),
        (
            "class C:\n    async def f(self):\n" + "        x = 1\n" * FUNCTION_LINES_MAX,
            {"sample.py::C.f": FUNCTION_LINES_MAX + 1},
        ),
    ],
)
def test_length_is_counted(tmp_path: Path, text: str, expected: dict[str, int]) -> None:
    (tmp_path / "sample.py").write_text(text, encoding="utf-8")
    assert too_long(tmp_path) == expected


def limit(name: str) -> int:
    return FUNCTION_LINES_MAX if "::" in name else MODULE_LINES_MAX


def too_long(folder: Path) -> dict[str, int]:
    """Lines of each module and function that is over its limit; ``path`` or ``path::name``."""
    found: dict[str, int] = {}
    for path in sorted(each for each in folder.rglob("*") if each.suffix in COUNTED):
        name = path.relative_to(folder).as_posix()
        text = path.read_text(encoding="utf-8")
        lines = len(text.splitlines())
        if lines > MODULE_LINES_MAX:
            found[name] = lines
        if path.suffix == ".py":
            found.update(long_functions(ast.parse(text), f"{name}::"))
    return found


def long_functions(node: ast.AST, prefix: str) -> dict[str, int]:
    found: dict[str, int] = {}
    for child in ast.iter_child_nodes(node):
        inner = prefix
        if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            lines = (child.end_lineno or child.lineno) - child.lineno + 1
            if lines > FUNCTION_LINES_MAX and not isinstance(child, ast.ClassDef):
                found[prefix + child.name] = lines
            inner = f"{prefix}{child.name}."
        found.update(long_functions(child, inner))
    return found
