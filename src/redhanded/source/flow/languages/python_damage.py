"""Python text that this interpreter does not parse: mended where its meaning is plain, else cut.

The text is taken apart into its top-level statements by indentation, so that a fault costs only
the statement that it stands in, and parsing again costs only as much as that statement is long.
"""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Callable

TRIES_MAX = 40
"""Statements cut out of one top-level statement before it is given up."""


def parsed(text: str) -> ast.Module | None:
    """Python's own tree, or None."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def mended(text: str) -> tuple[ast.Module, int]:
    """The statements that could be read, at their lines, and the first line that could not."""
    text, template_at = _template(text)
    body: list[ast.stmt] = []
    damaged = [template_at] if template_at else []
    for first, chunk in _chunks(text):
        tree = parsed(chunk)
        if tree is None:
            for mend in MENDS:
                chunk = mend(chunk)
            tree, at = _cut(chunk)
            if at:
                damaged.append(first + at - 1)
        if tree is not None:
            ast.increment_lineno(tree, first - 1)
            body.extend(tree.body)
    return ast.Module(body=body, type_ignores=[]), min(damaged, default=0)


def _cut(chunk: str) -> tuple[ast.Module | None, int]:
    """The tree of a statement without what does not parse in it, and the first line of that."""
    lines = chunk.split("\n")
    damaged = 0
    for _ in range(TRIES_MAX):
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                return ast.parse("\n".join(lines)), damaged
        except SyntaxError as error:
            line = min(max(error.lineno or 1, 1), len(lines))
        except (ValueError, RecursionError, MemoryError):
            return None, 1
        first, last = _statement(lines, line)
        damaged = min(damaged or first, first)
        before = lines[first - 1 : last]
        indent = re.match(r"\s*", lines[first - 1])
        lines[first - 1 : last] = [(indent[0] if indent else "") + "pass"] + [""] * (last - first)
        if lines[first - 1 : last] == before:
            return None, damaged
    return None, damaged


def _statement(lines: list[str], line: int) -> tuple[int, int]:
    """The statement around a line: to the next line that is not indented more."""
    while line > 1 and not lines[line - 1].strip():
        line -= 1
    first = line
    if lines[first - 1].strip() == "pass" and first > 1:
        # What was cut out leaves nothing to repair: the one around it goes.
        first -= 1
        while first > 1 and (
            not lines[first - 1].strip() or _indent(lines[first - 1]) >= _indent(lines[line - 1])
        ):
            first -= 1
    last = first
    while last < len(lines) and (
        not lines[last].strip()
        or _indent(lines[last]) > _indent(lines[first - 1])
        or lines[last].lstrip()[:1] in ")]}"
    ):
        last += 1
    return first, last


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())


def _chunks(text: str) -> list[tuple[int, str]]:
    """Top-level statements with their first lines."""
    found: list[tuple[int, str]] = []
    start, lines = 0, text.split("\n")
    for number, line in enumerate(lines):
        opens = bool(line) and not line[0].isspace() and line[0] not in "#)]}"
        goes_on = re.match(r"(else|elif|except|finally)\b", line)
        before = lines[number - 1] if number else ""
        if opens and not goes_on and not before.startswith("@") and number > start:
            found.append((start + 1, "\n".join(lines[start:number])))
            start = number
    found.append((start + 1, "\n".join(lines[start:])))
    return _joined(found)


def _joined(chunks: list[tuple[int, str]]) -> list[tuple[int, str]]:
    """Texts in triple quotes begin lines at the margin, too: these belong together."""
    found: list[tuple[int, str]] = []
    waiting: tuple[int, str] | None = None
    for first, chunk in chunks:
        if waiting is not None:
            first, chunk = waiting[0], waiting[1] + "\n" + chunk
        is_open = chunk.count('"""') % 2 == 1 or chunk.count("'''") % 2 == 1
        waiting = (first, chunk) if is_open else None
        if not is_open:
            found.append((first, chunk))
    if waiting is not None:
        found.append(waiting)
    return found


def _template(text: str) -> tuple[str, int]:
    """Templates of project generators: ``{{ name }}`` is some name, ``{% … %}`` is nothing."""
    marks = re.compile(r"\{\{-?\s*[A-Za-z_][^{}\n]*\}\}|\{%[^\n]*?%\}|\{#[^\n]*?#\}")
    found = marks.search(text)
    if found is None:
        return text, 0
    replaced = marks.sub(lambda m: "template_name" if m[0].startswith("{{") else "", text)
    return replaced, text.count("\n", 0, found.start()) + 1


def _python_2(text: str) -> str:
    text = re.sub(
        r"^(\s*)print\s+(?!\()(?:>>\s*\S+?,\s*)?([^\n#=]+?)\s*,?\s*$",
        r"\1print(\2)",
        text,
        flags=re.M,
    )
    text = re.sub(r"^(\s*)print\s*$", r"\1print()", text, flags=re.M)
    text = re.sub(
        r"^(\s*except\s+(?:\([^()\n]*\)|[\w.]+))\s*,\s*([a-z_]\w*)\s*:",
        r"\1 as \2:",
        text,
        flags=re.M,
    )
    text = re.sub(
        r"^(\s*raise\s+[\w.]+)\s*,\s*([^,\n]+?)(?:,[^\n]*)?$", r"\1(\2)", text, flags=re.M
    )
    text = re.sub(
        r"^(\s*)exec\s+(?!\()([^\n]+?)(?:\s+in\s+[^\n]+)?$", r"\1exec(\2)", text, flags=re.M
    )
    text = re.sub(r"(?<![\w.])0(\d+)(?![\w.])", r"0o\1", text)
    text = re.sub(r"(?<![\w.])(\d+)[lL]\b", r"\1", text)
    text = re.sub(r"\b[uU][rR](['\"])", r"r\1", text)
    return text.replace("<>", "!=")


def _newer(text: str) -> str:
    """Syntax of Python 3.12 to 3.14: type parameters, ``type``, ``except A, B``."""
    text = re.sub(
        r"^(\s*(?:async\s+)?(?:def|class)\s+\w+)\[(?:[^\[\]\n]|\[[^\[\]\n]*\])*\]",
        r"\1",
        text,
        flags=re.M,
    )
    text = re.sub(r"^(\s*)type\s+(\w+)(?:\[[^\]\n]*\])?\s*=", r"\1\2 =", text, flags=re.M)
    return re.sub(r"^(\s*except\*?\s+)([\w.]+(?:\s*,\s*[\w.]+)+)\s*:", r"\1(\2):", text, flags=re.M)


QUOTED_INSIDE = re.compile(
    r"""\b([fF][rR]?|[rR][fF])(["'])(?!\2)((?:[^\n\\{}]|\{\{|\}\}|\\.|\{[^{}\n]*\})*?)\2(?=[\s,)\]};:.]|$)""",
    re.M,
)


def _nested_quotes(text: str) -> str:
    """f-strings with their own quotes inside of braces (Python 3.12)."""

    def replace(match: re.Match[str]) -> str:
        prefix, quote, inside = match[1], match[2], match[3]
        if quote not in inside:
            return match[0]
        other = "'''" if quote == '"' else '"""'
        return f"{prefix}{other}{inside}{other}"

    return QUOTED_INSIDE.sub(replace, text)


MENDS: tuple[Callable[[str], str], ...] = (_python_2, _newer, _nested_quotes)
