"""Edit a program where it stands: byte ranges out of the tree, the rest untouched.

JavaScript, TypeScript and Python; what is Python's own stands in ``edit_python``.

Edits are given in offsets of one text, so several of them compose as long as they do not overlap.
Formatting that was not asked to change does not change.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

import tree_sitter_javascript
import tree_sitter_python
import tree_sitter_typescript
from tree_sitter import Language, Node, Parser

from redhanded.case.errors import InputError
from redhanded.source.line_ends import lines as lines_of

FUNCTIONS = frozenset(
    {
        "function_declaration",
        "function_expression",
        "generator_function_declaration",
        "generator_function",
        "arrow_function",
        "method_definition",
    }
)


JAVASCRIPT = frozenset({".js", ".cjs", ".mjs", ".jsx"})
TYPESCRIPT = frozenset({".ts", ".cts", ".mts"})
PYTHON = frozenset({".py"})

_TEXTS = frozenset({"template_string", "string"})
_CALLS = frozenset({"call_expression", "call"})
_MEMBERS = {"member_expression": "property", "attribute": "attribute"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """Bytes ``start`` to ``end`` (exclusive) become ``text``."""

    start: int
    end: int
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """One file, read."""

    path: str
    data: bytes
    tree: Node
    """The root node; offsets are into ``data``."""

    def of(self, node: Node) -> str:
        """The text of ``node``."""
        return self.data[node.start_byte : node.end_byte].decode("utf-8", "replace")

    def line_start(self, offset: int) -> int:
        """Where the line of ``offset`` begins."""
        return self.data.rfind(b"\n", 0, offset) + 1

    def indent(self, offset: int) -> str:
        """The white space at the start of the line of ``offset``."""
        line = self.data[self.line_start(offset) :].split(b"\n", 1)[0].decode("utf-8", "replace")
        return line[: len(line) - len(line.lstrip())]

    @property
    def indent_unit(self) -> str:
        """What the file indents by: a tab, or the smallest number of spaces that its lines use (2
        to 8), those of texts left out."""
        within = {
            row
            for each in walk(self.tree)
            if each.type in _TEXTS
            for row in range(each.start_point.row + 1, each.end_point.row + 1)
        }
        text = self.data.decode("utf-8", "replace").split("\n")
        lines = [line for row, line in enumerate(text) if row not in within]
        if any(line.startswith("\t") for line in lines):
            return "\t"
        widths = [len(line) - len(line.lstrip(" ")) for line in lines if not _is_comment(line)]
        return " " * min((width for width in widths if 2 <= width <= 8), default=2)


@dataclass(frozen=True, slots=True, kw_only=True)
class Property:
    """One entry of an object literal."""

    name: str | None
    """None for a spread and for a computed name."""
    value: str
    """Source text of its value; of the spread's argument."""
    node: Node
    spread: bool = False
    method: bool = False


def read(text: str, path: str) -> Source:
    """``text`` parsed as the language that the suffix of ``path`` names.

    Raises InputError for a suffix of another language.
    """
    suffix = PurePosixPath(path).suffix
    data = text.encode()
    tree = Parser(_language(suffix, path)).parse(data)
    return Source(path=path, data=data, tree=tree.root_node)


def is_script(path: str) -> bool:
    """Whether a file is JavaScript or TypeScript."""
    return PurePosixPath(path).suffix in {*JAVASCRIPT, *TYPESCRIPT, ".tsx"}


def is_untyped(path: str) -> bool:
    """Whether a file is JavaScript."""
    return PurePosixPath(path).suffix in JAVASCRIPT


def is_python(path: str) -> bool:
    """Whether a file is Python."""
    return PurePosixPath(path).suffix in PYTHON


def apply(source: Source, edits: Iterable[Edit]) -> str:
    """The text after ``edits``; raises InputError if two of them overlap."""
    data, last = source.data, len(source.data) + 1
    for edit in sorted(edits, key=lambda each: (each.start, each.end), reverse=True):
        if edit.end > last:
            raise InputError(f"two edits of {source.path} overlap at byte {edit.end}")
        data = data[: edit.start] + edit.text.encode() + data[edit.end :]
        last = edit.start
    return data.decode()


def unified(path: str, before: str | None, after: str) -> str:
    """A unified diff that ``git apply`` takes; ``before`` is None for a new file."""
    old = [] if before is None else lines_of(before)
    lines = difflib.unified_diff(
        old,
        lines_of(after),
        "/dev/null" if before is None else f"a/{path}",
        f"b/{path}",
    )
    head = f"diff --git a/{path} b/{path}\n"
    if before is None:
        head += "new file mode 100644\n"
    return head + "".join(
        line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in lines
    )


def merge(path: str, base: str, versions: Sequence[str]) -> str:
    """All changes that lead from ``base`` to each of ``versions``, together.

    Raises InputError if two of them change the same lines differently.
    """
    lines = lines_of(base)
    changes = {change for version in versions for change in _changes(lines, version)}
    ordered = sorted(changes, reverse=True)
    last = len(lines) + 1
    for start, end, text in ordered:
        if end > last or (start == end == last):
            raise InputError(f"two changes of {path} meet at line {end}; apply them one by one")
        lines[start:end] = [text]
        last = start
    return "".join(lines)


def walk(node: Node) -> Iterator[Node]:
    """``node`` and everything below it, in the order of the text."""
    pending = [node]
    while pending:
        one = pending.pop()
        yield one
        pending += reversed(one.children)


def calls(source: Source, methods: Iterable[str]) -> list[Node]:
    """Calls of ``something.method(…)`` for any of ``methods``, in the order of the text."""
    wanted = frozenset(methods)
    return [
        node
        for node in walk(source.tree)
        if node.type in _CALLS and callee(source, node)[1] in wanted
    ]


def call_near(source: Source, line: int, methods: Iterable[str], *, reach: int = 3) -> Node | None:
    """The call of one of ``methods`` nearest to ``line`` (from 1), at most ``reach`` lines off.

    A stack frame names the line of the callee's last name, a tree the line where the call begins;
    in a chain they differ.
    """

    def distance(node: Node) -> int:
        function = node.child_by_field_name("function")
        end = function.end_point.row if function is not None else node.start_point.row
        return min(abs(node.start_point.row + 1 - line), abs(end + 1 - line))

    near = [node for node in calls(source, methods) if distance(node) <= reach]
    return min(near, key=distance, default=None)


def callee(source: Source, call: Node) -> tuple[str, str]:
    """Text before the last dot, and the name after it; ``("", name)`` for a plain call."""
    function = called(call)
    if function is None:
        return "", ""
    if function.type not in _MEMBERS:
        return "", source.of(function)
    subject = function.child_by_field_name("object")
    name = function.child_by_field_name(_MEMBERS[function.type])
    return (source.of(subject) if subject else ""), (source.of(name) if name else "")


def called(call: Node) -> Node | None:
    """The function of a call; TypeScript's ``await f<T>(…)`` is read as a call of ``await f``."""
    function = call.child_by_field_name("function")
    if function is not None and function.type == "await_expression":
        return next(iter(function.named_children), None)
    return function


def arguments(call: Node) -> list[Node]:
    """The argument nodes of a call, comments left out."""
    given = call.child_by_field_name("arguments")
    return (
        [] if given is None else [each for each in given.named_children if each.type != "comment"]
    )


def properties(source: Source, literal: Node) -> list[Property]:
    """The entries of an object literal."""
    found = []
    for child in literal.named_children:
        if child.type == "pair":
            key, value = child.child_by_field_name("key"), child.child_by_field_name("value")
            name = None if key is None else _key(source, key)
            found.append(Property(name=name, value=source.of(value) if value else "", node=child))
        elif child.type == "shorthand_property_identifier":
            found.append(Property(name=source.of(child), value=source.of(child), node=child))
        elif child.type == "spread_element":
            inner = child.named_children[0]
            found.append(Property(name=None, value=source.of(inner), node=child, spread=True))
        elif child.type == "method_definition":
            key = child.child_by_field_name("name")
            name = None if key is None else _key(source, key)
            found.append(Property(name=name, value=source.of(child), node=child, method=True))
    return found


def value_of(source: Source, literal: Node, name: str) -> Node | None:
    """The value that an object literal gives a property; the name itself for ``{ a }``."""
    for each in properties(source, literal) if literal.type == "object" else ():
        if each.name == name and not each.method:
            return each.node.child_by_field_name("value") or each.node
    return None


def enclosing(node: Node, types: Iterable[str]) -> Node | None:
    """The nearest ancestor of one of ``types``."""
    wanted = frozenset(types)
    parent = node.parent
    while parent is not None and parent.type not in wanted:
        parent = parent.parent
    return parent


def covers(node: Node | None, line: int) -> bool:
    """Whether a line (from 1) is one of a node's."""
    return node is not None and node.start_point.row < line <= node.end_point.row + 1


def identifiers(source: Source, node: Node) -> set[str]:
    """Every name that ``node`` uses or binds; property names after a dot left out."""
    kinds = {"identifier", "shorthand_property_identifier", "shorthand_property_identifier_pattern"}
    return {source.of(each) for each in walk(node) if each.type in kinds}


def _language(suffix: str, path: str) -> Language:
    if suffix in JAVASCRIPT:
        return Language(tree_sitter_javascript.language())
    if suffix in TYPESCRIPT:
        return Language(tree_sitter_typescript.language_typescript())
    if suffix == ".tsx":
        return Language(tree_sitter_typescript.language_tsx())
    if suffix in PYTHON:
        return Language(tree_sitter_python.language())
    raise InputError(
        f"{path} is neither JavaScript nor TypeScript nor Python; it has to be edited by hand"
    )


def _key(source: Source, key: Node) -> str | None:
    if key.type == "computed_property_name":
        return None
    return source.of(key).strip("'\"")


def _changes(base: list[str], version: str) -> Iterator[tuple[int, int, str]]:
    new = lines_of(version)
    matcher = difflib.SequenceMatcher(None, base, new, autojunk=False)
    for tag, start, end, low, high in matcher.get_opcodes():
        if tag != "equal":
            yield start, end, "".join(new[low:high])


def _is_comment(line: str) -> bool:
    return line.lstrip().startswith("*")
