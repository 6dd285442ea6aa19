"""What an import gives: a module of the program, something it exports, or a library."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

from tree_sitter import Node

from redhanded.source.outline import Module, Scope
from redhanded.source.syntax import arguments_of, flat, literal
from redhanded.source.values import (
    UNKNOWN,
    External,
    Frame,
    Namespace,
    Value,
    Values,
    distinct,
)

if TYPE_CHECKING:
    from redhanded.source.program import Program


class Loading:
    """The part of the evaluator that knows ``require``, ``import`` and ``export``."""

    program: Program
    reexporting: set[tuple[str, str]]
    """Module and name that are being looked up: files may re-export each other in a circle."""

    if TYPE_CHECKING:

        def value(self, node: Node, scope: Scope, frame: Frame | None) -> Values: ...
        def text(self, node: Node, scope: Scope, frame: Frame | None) -> str | None: ...
        def members(self, values: Values, name: str) -> Values: ...

    def exports(self, module: Module) -> Values:
        """What ``require`` of a module gives."""
        found: list[Value] = []
        for node, scope in module.exports.get("=", ()):
            found += self.value(node, scope, None)
        named = any(name != "=" for name in module.exports) or module.reexports
        if named or not module.exports:
            found.append(Namespace(module=module))
        return distinct(found)

    def exported(self, module: Module, name: str) -> Values:
        """What a module exports under a name."""
        found: list[Value] = []
        for node, scope in module.exports.get(name, ()):
            found += self.value(node, scope, None)
        if found:
            return distinct(found)
        key = (module.path, name)
        if key in self.reexporting:
            return UNKNOWN
        self.reexporting.add(key)
        for exported, specifier, there in module.reexports:
            if exported == name:
                found += self.imported(specifier, there, module)
            elif exported == "*" and name != "default":
                found += self.imported(specifier, name, module)
        self.reexporting.discard(key)
        if not found and "=" in module.exports:
            given = self.exports(module)
            whole = tuple(one for one in given if not isinstance(one, Namespace))
            return whole if name == "default" else self.members(whole, name)
        return distinct(found)

    def imported(self, specifier: str, name: str, importer: Module) -> Values:
        """What an import of a name gives; ``=`` is what ``require`` gives."""
        module = self.program.imported(specifier, importer.path)
        if module is None:
            if specifier.startswith("."):
                return UNKNOWN
            library = External(module=specifier.removeprefix("node:"))
            return (library,) if name in ("=", "*", "default") else self.members((library,), name)
        if name == "=":
            return self.exports(module)
        if name == "*":
            return (Namespace(module=module),)
        return self.exported(module, name)

    def required(self, given: list[Node], scope: Scope, frame: Frame | None) -> Values:
        specifier = self.text(given[0], scope, frame)
        if specifier is not None:
            return self.imported(specifier, "=", scope.module)
        folder = self.folder_of(given[0], scope.module)
        if folder is None:
            return UNKNOWN
        found: list[Value] = []
        for path in self.program.resolver.in_folder(folder):
            module = self.program.module(path) if path != scope.module.path else None
            found += self.exports(module) if module else ()
        return distinct(found)

    def folder_of(self, node: Node, module: Module) -> str | None:
        """The folder in ``path.join(__dirname, 'x', file)``, ``__dirname + '/' + file``, `./${x}`:
        the written parts in front of the first unknown one."""
        here = posixpath.dirname(module.path)
        text = flat(node)
        if node.type == "template_string":
            prefix = text[1:].split("${", 1)[0]
            if text.startswith("`${__dirname}"):
                prefix = "." + text[len("`${__dirname}") :].split("${", 1)[0]
            if not prefix.startswith("."):
                return None
            return _folder(here, posixpath.dirname(prefix + "x"))
        if "__dirname" not in text:
            return None
        parts = arguments_of(node) if node.type == "call_expression" else []
        written = []
        for one in parts:
            found = literal(one)
            if found is not None:
                written.append(found.value)
        return _folder(here, posixpath.join(".", *written))


def _folder(here: str, relative: str) -> str:
    found = posixpath.normpath(posixpath.join(here, relative))
    return "" if found == "." else found
