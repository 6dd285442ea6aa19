"""What a property of a value stands for."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from tree_sitter import Node

from redhanded.source.loading import Loading
from redhanded.source.outline import Binding, Module, Scope
from redhanded.source.syntax import is_static, key_of, literal, properties_of, text_of
from redhanded.source.values import (
    UNKNOWN,
    Class,
    External,
    Frame,
    Function,
    Instance,
    Made,
    Member,
    Namespace,
    Object,
    Text,
    Value,
    Values,
    distinct,
    is_library,
)

if TYPE_CHECKING:
    from redhanded.source.program import Program


PARENTS_MAX = 12
SPREADS_MAX = 12
CHAIN_MAX = 48
"""Classes above each other, objects spread into each other, calls in a chain: more are unknown."""


class Members(Loading):
    """The part of the evaluator that knows objects, classes and modules."""

    program: Program

    if TYPE_CHECKING:

        def value(self, node: Node, scope: Scope, frame: Frame | None) -> Values: ...
        def arguments(
            self, call: Node, scope: Scope, frame: Frame | None
        ) -> tuple[Values, ...]: ...
        def frame(
            self, function: Function, arguments: tuple[Values, ...] | None, this: Value | None = ...
        ) -> Frame: ...

    def members(self, values: Values, name: str) -> Values:
        """A property of each of several values."""
        return distinct([found for one in values for found in self.member(one, name)])

    def member(self, value: Value, name: str) -> Values:
        """A property of a value; empty where it has none that is known."""
        if isinstance(value, External):
            return self._external_member(value, name)
        if isinstance(value, Text):
            return (External(module="global", members=("String", name)),)
        if isinstance(value, Made | Member):
            node = value.call if isinstance(value, Made) else None
            own = self._extras(value.scope.module, node, name) if isinstance(value, Made) else ()
            return own or ((Member(base=value, name=name),) if chained(value) else UNKNOWN)
        if isinstance(value, Object):
            return self._object_member(value, name)
        if isinstance(value, Namespace):
            return self.exported(value.module, name)
        if isinstance(value, Class):
            return self.class_member(value, name, None)
        if isinstance(value, Instance):
            return self._instance_member(value, name)
        own = self._extras(value.function.module, value.function.node, name)
        if not own and name in ("bind", "call", "apply"):
            return (Member(base=value, name=name),)
        return own

    def properties(
        self, value: Value, *, above: tuple[Value, ...] = ()
    ) -> dict[str, tuple[Node, Scope, Frame | None]]:
        """The named properties of an object literal, spreads included, and where they stand."""
        found: dict[str, tuple[Node, Scope, Frame | None]] = {}
        if not isinstance(value, Object) or value in above or len(above) > SPREADS_MAX:
            return found
        for key, node in properties_of(value.node):
            if key is not None:
                found[key] = (node, value.scope, value.frame)
            elif node.type == "spread_element":
                for one in self.value(node.named_children[0], value.scope, value.frame):
                    found.update(self.properties(one, above=(*above, value)))
        for key, assigned in value.scope.module.extras.get(value.node.id, {}).items():
            found[key] = (*assigned[-1], None)
        return found

    def any_member(self, value: Object) -> Values:
        """Whatever a computed key may select."""
        found: list[Value] = []
        if value.node.type == "array":
            for one in value.node.named_children:
                found += self.value(one, value.scope, value.frame)
            return distinct(found)
        for node, scope, frame in self.properties(value).values():
            found += self.value(node, scope, frame)
        return distinct(found)

    def parents(self, value: Class) -> Values:
        """The superclass."""
        for child in value.node.named_children:
            if child.type == "class_heritage":
                inner = child.named_children[0] if child.named_children else None
                if inner is not None and inner.type == "extends_clause":
                    inner = inner.child_by_field_name("value")
                return self.value(inner, value.scope, value.frame) if inner else UNKNOWN
        return UNKNOWN

    def class_member(
        self, value: Class, name: str, instance: Instance | None, *, height: int = 0
    ) -> Values:
        """A static member, or with ``instance`` one that instances have."""
        module = value.scope.module
        for member, key in _class_members(value.node):
            if key == name and is_static(member) == (instance is None):
                return self._class_part(value, member, instance)
        if instance is None:
            own = self._extras(module, value.node, name)
        else:
            own = self._extras(module, value.node, "prototype." + name)
            own = own or self._fields(value, name, instance)
        if own:
            return own
        for parent in self.parents(value) if height < PARENTS_MAX else ():
            if isinstance(parent, Class):
                own = self.class_member(parent, name, instance, height=height + 1)
            elif is_library(parent):
                own = (Member(base=instance or value, name=name),)
            if own:
                return own
        return UNKNOWN

    def _class_part(self, value: Class, member: Node, instance: Instance | None) -> Values:
        if member.type == "method_definition":
            info = value.scope.module.functions.get(member.id)
            if info is None:
                return UNKNOWN
            method = Function(function=info, frame=value.frame, this=instance or value)
            if any(child.type == "get" for child in member.children):
                inner = self.frame(method, ())
                returned = [one for n, s in info.returns for one in self.value(n, s, inner)]
                return distinct(returned)
            return (method,)
        node = member.child_by_field_name("value")
        if node is None:
            return UNKNOWN
        found = self.value(node, value.scope, value.frame)
        bound: list[Value] = []
        for one in found:
            if isinstance(one, Function) and instance is not None:
                one = Function(function=one.function, frame=one.frame, this=instance)
            bound.append(one)
        return distinct(bound)

    def _instance_member(self, value: Instance, name: str) -> Values:
        if isinstance(value.of, Class):
            return self.class_member(value.of, name, value)
        module = value.of.function.module
        own = self._extras(module, value.of.function.node, "prototype." + name)
        found: list[Value] = []
        for one in own:
            if isinstance(one, Function):
                one = Function(function=one.function, frame=one.frame, this=value)
            found.append(one)
        for node, scope in module.fields.get(value.of.function.node.id, {}).get(name, ()):
            found += self.value(node, scope, None)
        return distinct(found)

    def _fields(self, value: Class, name: str, instance: Instance) -> Values:
        """``this.name = …`` in the constructor or a method, and parameter properties."""
        found: list[Value] = []
        constructor = self.constructor(value)
        inner = self.constructor_frame(value, instance)
        for node, scope in value.scope.module.fields.get(value.node.id, {}).get(name, ()):
            in_constructor = constructor is not None and scope.function is constructor.function
            found += self.value(node, scope, inner if in_constructor else None)
        if constructor is not None:
            for binding in constructor.function.scope.names.get(name, ()):
                if _is_parameter_property(binding):
                    scope = constructor.function.scope
                    found += self.value(binding_name(binding.node), scope, inner)
        return distinct(found)

    def elements(self, value: Value) -> Values:
        """What iterating over a value gives."""
        if isinstance(value, Object) and value.node.type == "array":
            found: list[Value] = []
            for one in value.node.named_children:
                found += self.value(one, value.scope, value.frame)
            return distinct(found)
        return (Member(base=value, name="(each)"),) if is_library(value) else UNKNOWN

    def inherited(self, this: Value | None, name: str) -> Values:
        """What ``super.name`` is."""
        if not isinstance(this, Instance) or not isinstance(this.of, Class):
            return UNKNOWN
        found: list[Value] = []
        for parent in self.parents(this.of):
            if isinstance(parent, Class):
                found += self.class_member(parent, name, this)
        return distinct(found)

    def constructor(self, value: Class) -> Function | None:
        """The constructor written in a class."""
        for member, key in _class_members(value.node):
            if key == "constructor" and member.type == "method_definition":
                info = value.scope.module.functions.get(member.id)
                if info is not None:
                    return Function(function=info, frame=value.frame)
        return None

    def constructor_frame(self, value: Class, instance: Instance) -> Frame | None:
        """The frame in which an instance's constructor ran."""
        constructor = self.constructor(value)
        if constructor is None:
            return None
        given = None
        if instance.call is not None and instance.of == value:
            given = self.arguments(instance.call, instance.scope, instance.frame)
        return self.frame(constructor, given, instance)

    def _object_member(self, value: Object, name: str) -> Values:
        if value.node.type == "array":
            if name.isdigit():
                elements = value.node.named_children
                index = int(name)
                if index < len(elements):
                    return self.value(elements[index], value.scope, value.frame)
            return (Member(base=value, name=name),)
        if value.node.type == "enum_body":
            return _enum_member(value.node, name)
        found = self.properties(value).get(name)
        if found is not None:
            values = self.value(*found)
            return tuple(
                Function(function=one.function, frame=one.frame, this=value)
                if isinstance(one, Function) and one.function.owner and one.this is None
                else one
                for one in values
            )
        from_library = self._spread_library(value, name)
        return self._registered(value, name) or from_library

    def _spread_library(self, value: Object, name: str) -> Values:
        for key, node in properties_of(value.node):
            if key is None and node.type == "spread_element":
                for one in self.value(node.named_children[0], value.scope, value.frame):
                    if is_library(one) or isinstance(one, Namespace):
                        return self.member(one, name)
        return UNKNOWN

    def _registered(self, value: Object, name: str) -> Values:
        """Assigned under a computed key, e.g. ``db[model.name] = model``: found by its own name."""
        found: list[Value] = []
        for node, scope in value.scope.module.dynamic.get(value.node.id, ()):
            for one in self.value(node, scope, None):
                if _own_name(one) == name:
                    found.append(one)
        return distinct(found)

    def _extras(self, module: Module, node: Node | None, name: str) -> Values:
        found: list[Value] = []
        for assigned, scope in module.extras.get(node.id, {}).get(name, ()) if node else ():
            found += self.value(assigned, scope, None)
        return distinct(found)

    def _external_member(self, value: External, name: str) -> Values:
        if name == "default":
            return (value,)
        if len(value.members) > 6:
            return UNKNOWN
        return (External(module=value.module, members=(*value.members, name)),)


def chained(value: Value) -> bool:
    """Whether a chain of calls and properties is short enough to go on with."""
    for _ in range(CHAIN_MAX):
        if isinstance(value, Member):
            value = value.base
        elif isinstance(value, Made):
            value = value.callee
        else:
            return True
    return False


def binding_name(parameter: Node) -> Node:
    """The identifier that a parameter declares."""
    return parameter.child_by_field_name("pattern") or parameter


def _class_members(node: Node) -> Iterator[tuple[Node, str | None]]:
    body = node.child_by_field_name("body")
    for member in body.named_children if body is not None else ():
        if member.type in ("method_definition", "field_definition", "public_field_definition"):
            name = member.child_by_field_name("name") or member.child_by_field_name("property")
            yield member, key_of(name) if name is not None else None


def _is_parameter_property(binding: Binding) -> bool:
    return any(
        one.type in ("accessibility_modifier", "readonly", "override_modifier")
        for one in binding.node.children
    )


def _enum_member(body: Node, name: str) -> Values:
    for one in body.named_children:
        if one.type == "enum_assignment":
            key, value = one.child_by_field_name("name"), one.child_by_field_name("value")
            if key is not None and value is not None and key_of(key) == name:
                found = literal(value)
                return (found,) if found else UNKNOWN
    return UNKNOWN


def _own_name(value: Value) -> str | None:
    """The name that a class, function or library object was given where it was made."""
    if isinstance(value, Class):
        name = value.node.child_by_field_name("name")
        return text_of(name) if name is not None else None
    if isinstance(value, Function):
        return value.function.name
    if isinstance(value, Made):
        from_call = value.call.child_by_field_name("arguments")
        first = from_call.named_children[0] if from_call and from_call.named_children else None
        found = literal(first) if first is not None else None
        return found.value if found else None
    return None
