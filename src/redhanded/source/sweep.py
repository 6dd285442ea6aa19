"""The skeleton of a file from its tree: one pass over the nodes its pattern finds."""

from __future__ import annotations

from tree_sitter import Node, Tree

from redhanded.source.outline import Binding, FunctionInfo, Module, Scope
from redhanded.source.patterns import (
    declared_names,
    given_name,
    imported_names,
    member_name,
    names_in,
    type_name,
)
from redhanded.source.syntax import FUNCTIONS, literal, text_of, unwrapped


def outline(path: str, source: bytes, tree: Tree, roles: dict[str, list[Node]]) -> Module:
    """The skeleton of a parsed file; ``roles`` is what the language's pattern found."""
    module = Module(path=path, tree=tree, source=source)
    root = tree.root_node
    top = FunctionInfo(module=module, node=root, name=None, parent=None)
    scope = Scope(module=module, parent=None, function=top, is_function=True)
    top.scope = scope
    module.top = top
    module.functions[root.id] = top
    _Sweep(module, roles).run()
    return module


class _Sweep:
    """One pass over the found nodes in source order, with the stack of open scopes."""

    def __init__(self, module: Module, roles: dict[str, list[Node]]) -> None:
        self.module = module
        self.roles = roles
        self.open: list[tuple[int, Scope]] = [(1 << 60, module.top.scope)]
        self.owners: list[tuple[int, Node, Scope]] = []
        self.member_assignments: list[tuple[Node, Node, Scope]] = []
        self.plain_assignments: list[tuple[str, Node, Scope]] = []

    def run(self) -> None:
        ordered = [
            (node.start_byte, -node.end_byte, _ORDER[role], node, role)
            for role, nodes in self.roles.items()
            for node in nodes
        ]
        ordered.sort(key=lambda one: one[:3])
        for start, _, _, node, role in ordered:
            while self.open[-1][0] <= start:
                self.open.pop()
            _VISIT[role](self, node, self.open[-1][1])
        for function in self.module.functions.values():
            function.calls.sort(key=lambda one: one[0].end_byte)
        for name, value, scope in self.plain_assignments:
            _declared_in(name, scope).assigned.setdefault(name, []).append((value, scope))
        for left, value, scope in self.member_assignments:
            _assign_member(self.module, left, value, scope)

    def function(self, node: Node, scope: Scope) -> None:
        name = node.child_by_field_name("name")
        info = FunctionInfo(
            module=self.module,
            node=node,
            name=text_of(name) if name is not None else given_name(node),
            parent=scope.function,
            outer=scope,
        )
        if node.type == "method_definition" and node.parent is not None:
            holder = node.parent.parent if node.parent.type == "class_body" else node.parent
            info.owner = (holder, scope) if holder is not None else None
        elif node.type == "function_expression" and node.parent is not None:
            pair = node.parent
            if pair.type == "pair" and pair.parent is not None:
                info.owner = (pair.parent, scope)
        inner = Scope(module=self.module, parent=scope, function=info, is_function=True)
        info.scope = inner
        self.module.functions[node.id] = info
        if node.type in ("function_declaration", "generator_function_declaration") and info.name:
            _bind(scope, info.name, Binding(kind="function", node=node, scope=scope))
        elif node.type == "function_expression" and name is not None and info.name:
            _bind(inner, info.name, Binding(kind="function", node=node, scope=scope))
        self._parameters(node, inner)
        body = node.child_by_field_name("body")
        if node.type == "arrow_function" and body is not None and body.type != "statement_block":
            info.returns.append((body, inner))
        self.open.append((node.end_byte, inner))

    def _parameters(self, node: Node, scope: Scope) -> None:
        single = node.child_by_field_name("parameter")
        listed = node.child_by_field_name("parameters")
        found = [single] if single is not None else (listed.named_children if listed else [])
        for index, parameter in enumerate(one for one in found if one.type != "comment"):
            for name, path, default in names_in(parameter):
                _bind(
                    scope,
                    name,
                    Binding(
                        kind="parameter",
                        node=parameter,
                        scope=scope,
                        path=path,
                        index=index,
                        default=default,
                        type_name=type_name(parameter),
                    ),
                )

    def klass(self, node: Node, scope: Scope) -> None:
        name = node.child_by_field_name("name")
        if name is not None:
            _bind(scope, text_of(name), Binding(kind="class", node=node, scope=scope))

    def enum(self, node: Node, scope: Scope) -> None:
        name = node.child_by_field_name("name")
        body = node.child_by_field_name("body")
        if name is not None and body is not None:
            _bind(scope, text_of(name), Binding(kind="enum", node=body, scope=scope))

    def block(self, node: Node, scope: Scope) -> None:
        inner = Scope(module=self.module, parent=scope, function=scope.function, is_function=False)
        if node.type == "for_in_statement":
            left, right = node.child_by_field_name("left"), node.child_by_field_name("right")
            if left is not None and right is not None:
                for name, path, _ in names_in(left):
                    binding = Binding(kind="each", node=right, scope=scope, path=path)
                    _bind(inner, name, binding)
        if node.type == "catch_clause":
            parameter = node.child_by_field_name("parameter")
            for name, path, _ in names_in(parameter) if parameter is not None else ():
                binding = Binding(kind="each", node=parameter or node, scope=scope, path=path)
                _bind(inner, name, binding)
        self.open.append((node.end_byte, inner))

    def call(self, node: Node, scope: Scope) -> None:
        scope.function.calls.append((node, scope))

    def declarator(self, node: Node, scope: Scope) -> None:
        pattern, value = node.child_by_field_name("name"), node.child_by_field_name("value")
        if pattern is None:
            return
        hoisted = node.parent is not None and node.parent.type == "variable_declaration"
        target = scope.function.scope if hoisted else scope
        for name, path, default in names_in(pattern):
            binding = Binding(
                kind="variable", node=value or node, scope=scope, path=path, default=default
            )
            _bind(target, name, binding)

    def import_(self, node: Node, scope: Scope) -> None:
        source = node.child_by_field_name("source")
        for clause in node.named_children:
            if clause.type == "import_require_clause":
                source = clause.child_by_field_name("source")
                found = [(text_of(clause.named_children[0]), "=")]
            elif clause.type == "import_clause":
                found = list(imported_names(clause))
            else:
                continue
            specifier = literal(source) if source is not None else None
            for name, imported in found:
                binding = Binding(
                    kind="import",
                    node=node,
                    scope=scope,
                    specifier=specifier.value if specifier else "",
                    imported=imported,
                )
                _bind(scope, name, binding)

    def export(self, node: Node, scope: Scope) -> None:
        source = node.child_by_field_name("source")
        if source is not None:
            found = literal(source)
            self._reexport(node, found.value if found else "")
            return
        value = node.child_by_field_name("value")
        declaration = node.child_by_field_name("declaration")
        words = [one.type for one in node.children]
        if value is not None:
            self.module.exports.setdefault("default", []).append((value, scope))
        elif declaration is not None:
            name = "default" if "default" in words else None
            for declared, at in declared_names(declaration):
                self.module.exports.setdefault(name or declared, []).append((at, scope))
            if name and declaration.child_by_field_name("name") is None:
                self.module.exports.setdefault(name, []).append((declaration, scope))
        elif "=" in words:
            self.module.exports.setdefault("=", []).append((node.named_children[0], scope))
        for clause in node.named_children:
            for one in clause.named_children if clause.type == "export_clause" else ():
                local, alias = one.child_by_field_name("name"), one.child_by_field_name("alias")
                if local is not None:
                    exported = text_of(alias or local)
                    self.module.exports.setdefault(exported, []).append((local, scope))

    def _reexport(self, node: Node, specifier: str) -> None:
        clauses = [one for one in node.named_children if one.type != "string"]
        if not clauses:
            self.module.reexports.append(("*", specifier, "*"))
        for clause in clauses:
            if clause.type == "namespace_export":
                name = text_of(clause.named_children[0])
                self.module.reexports.append((name, specifier, "*"))
            for one in clause.named_children if clause.type == "export_clause" else ():
                words = [text_of(part) for part in one.children if part.type != "as"]
                words = [word for word in words if word not in ("as", "type")]
                if words:
                    self.module.reexports.append((words[-1], specifier, words[0]))

    def assign(self, node: Node, scope: Scope) -> None:
        left, value = node.child_by_field_name("left"), node.child_by_field_name("right")
        if left is None or value is None:
            return
        if left.type == "identifier":
            self.plain_assignments.append((text_of(left), value, scope))
        elif left.type in ("member_expression", "subscript_expression"):
            self.member_assignments.append((left, value, scope))

    def return_(self, node: Node, scope: Scope) -> None:
        values = [one for one in node.named_children if one.type != "comment"]
        if values:
            scope.function.returns.append((values[0], scope))


_VISIT = {
    "function": _Sweep.function,
    "class": _Sweep.klass,
    "enum": _Sweep.enum,
    "scope": _Sweep.block,
    "call": _Sweep.call,
    "declarator": _Sweep.declarator,
    "import": _Sweep.import_,
    "export": _Sweep.export,
    "assign": _Sweep.assign,
    "return": _Sweep.return_,
}
_ORDER = {role: place for place, role in enumerate(_VISIT)}


def _bind(scope: Scope, name: str, binding: Binding) -> None:
    scope.names.setdefault(name, []).append(binding)


def _declared_in(name: str, scope: Scope) -> Scope:
    current: Scope | None = scope
    while current is not None:
        if name in current.names:
            return current
        scope, current = current, current.parent
    return scope


def _assign_member(module: Module, left: Node, value: Node, scope: Scope) -> None:
    """Files ``a.b = value`` where it can be found again: exports, a class's fields, or extras."""
    target, name = left.child_by_field_name("object"), member_name(left)
    if target is None:
        return
    owner = text_of(target)
    if target.type == "this":
        holder = _this_holder(scope.function)
        if holder is not None and name is not None:
            module.fields.setdefault(holder.id, {}).setdefault(name, []).append((value, scope))
    elif owner == "module" and name == "exports":
        module.exports.setdefault("=", []).append((value, scope))
    elif owner in ("exports", "module.exports") and name is not None:
        module.exports.setdefault(name, []).append((value, scope))
    else:
        _assign_extra(module, target, name, value, scope)


def _assign_extra(
    module: Module, target: Node, name: str | None, value: Node, scope: Scope
) -> None:
    prefix = ""
    if target.type == "member_expression" and member_name(target) == "prototype":
        target, prefix = target.child_by_field_name("object") or target, "prototype."
    if target.type != "identifier":
        return
    for binding in _declared_in(text_of(target), scope).names.get(text_of(target), ()):
        if binding.path or binding.kind in ("import", "parameter", "each"):
            continue
        node = assigned_value(binding.node)
        if name is not None:
            extras = module.extras.setdefault(node.id, {})
            extras.setdefault(prefix + name, []).append((value, scope))
        else:
            module.dynamic.setdefault(node.id, []).append((value, scope))


def assigned_value(node: Node) -> Node:
    """The value at the end of ``a = b = value``."""
    node = unwrapped(node)
    while node.type == "assignment_expression":
        right = node.child_by_field_name("right")
        if right is None:
            break
        node = unwrapped(right)
    return node


def _this_holder(function: FunctionInfo) -> Node | None:
    """The class, object or constructor function that ``this`` belongs to."""
    current: FunctionInfo | None = function
    while current is not None and current.node.type == "arrow_function":
        current = current.parent
    if current is None or current.node.type not in FUNCTIONS:
        return None
    return current.owner[0] if current.owner else current.node
