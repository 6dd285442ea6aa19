"""The skeleton of one file: scopes and names, functions and the calls in them, imports, exports."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from tree_sitter import Node, Tree

from redhanded.source.syntax import line_of

BindingKind = Literal["variable", "parameter", "function", "class", "import", "each", "enum"]


@dataclass(slots=True, kw_only=True, eq=False)
class Binding:
    """What a name stands for in a scope."""

    kind: BindingKind
    node: Node
    """The initial value (variable), what is iterated (each), the pattern (parameter), the function,
    class or enum itself; the statement for an import."""
    scope: Scope
    path: tuple[str, ...] = ()
    """Properties taken from it by destructuring."""
    index: int = 0
    """Position of a parameter."""
    specifier: str = ""
    imported: str = ""
    """Exported name; ``*`` for all, ``=`` for what ``require`` gives."""
    default: Node | None = None
    type_name: str | None = None


@dataclass(slots=True, kw_only=True, eq=False)
class Scope:
    """A block in which names are declared."""

    module: Module
    parent: Scope | None
    function: FunctionInfo
    """The function it is in; the one for the file itself at the top."""
    is_function: bool
    """It holds the parameters of ``function``."""
    names: dict[str, list[Binding]] = field(default_factory=dict)
    assigned: dict[str, list[tuple[Node, Scope]]] = field(default_factory=dict)
    """Later assignments to names declared here: the value, and the scope it stands in."""


@dataclass(slots=True, kw_only=True, eq=False)
class FunctionInfo:
    """A function, or a whole file as the function that runs when it is loaded."""

    module: Module
    node: Node
    name: str | None
    parent: FunctionInfo | None
    owner: tuple[Node, Scope] | None = None
    """The class or object literal that it is a method of, and the scope that stands in."""
    scope: Scope = None  # type: ignore[assignment]
    """Set as soon as both exist: each refers to the other."""
    outer: Scope | None = None
    """The scope it is written in."""
    calls: list[tuple[Node, Scope]] = field(default_factory=list)
    """Calls in it (not in functions inside), in source order of their ends."""
    returns: list[tuple[Node, Scope]] = field(default_factory=list)

    @property
    def line(self) -> int:
        return line_of(self.node)


@dataclass(slots=True, kw_only=True, eq=False)
class Module:
    """A file that was read."""

    path: str
    tree: Tree
    source: bytes
    top: FunctionInfo = None  # type: ignore[assignment]
    functions: dict[int, FunctionInfo] = field(default_factory=dict)
    """By node id."""
    exports: dict[str, list[tuple[Node, Scope]]] = field(default_factory=dict)
    """Exported name to the expressions it may be; ``=`` for ``module.exports``."""
    reexports: list[tuple[str, str, str]] = field(default_factory=list)
    """Name, specifier, name there; ``*`` for all."""
    extras: dict[int, dict[str, list[tuple[Node, Scope]]]] = field(default_factory=dict)
    """Properties assigned later, by the node id of the object, function, class or call."""
    dynamic: dict[int, list[tuple[Node, Scope]]] = field(default_factory=dict)
    """The same under computed names."""
    fields: dict[int, dict[str, list[tuple[Node, Scope]]]] = field(default_factory=dict)
    """``this.x = …`` by the node id of the class or constructor."""

    @property
    def is_damaged(self) -> bool:
        """Parts of it could not be parsed."""
        return self.tree.root_node.has_error

    def line(self, number: int) -> str:
        """The text of a line, without the space around it."""
        lines = self.source.split(b"\n", number)
        if not 1 <= number <= len(lines):
            return ""
        return lines[number - 1].decode("utf-8", "replace").strip()
