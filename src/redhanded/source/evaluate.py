"""What an expression stands for: names, imports, properties and calls followed to their origin."""

from __future__ import annotations

from collections.abc import Callable, Collection

from tree_sitter import Node

from redhanded.source.members import Members
from redhanded.source.outline import Binding, FunctionInfo, Scope
from redhanded.source.program import Program
from redhanded.source.syntax import arguments_of, literal, text_of, unwrapped
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
    depth_of,
    distinct,
    is_given,
    is_library,
    origin,
)

DEPTH_MAX = 8
"""Calls that are followed into each other before arguments are taken as unknown."""

NESTING_MAX = 60
"""Expressions evaluated inside each other; deeper ones are taken as unknown."""

_NOWHERE = 1 << 30

Result = Callable[["Evaluator", Value, Node, Scope, "Frame | None"], "Values | None"]
"""What a call of a library gives, where a framework knows more than "something of that library":
callee, call, scope, frame."""


class Evaluator(Members):
    """Answers are remembered: the program does not change while it is read."""

    def __init__(
        self,
        program: Program,
        *,
        results: tuple[Result, ...] = (),
        libraries: Collection[str] = (),
    ) -> None:
        """``libraries``: those whose objects are told apart when they are passed to functions."""
        self.program = program
        self.kept = frozenset(libraries)
        self.results = results
        self._known: dict[tuple[str, int, int], Values] = {}
        self._provisional: dict[tuple[str, int, int], Values] = {}
        self._open: dict[tuple[str, int, int], int] = {}
        self._cut = _NOWHERE
        self.reexporting: set[tuple[str, str]] = set()
        self._frames: dict[tuple[object, ...], Frame] = {}

    def value(self, node: Node, scope: Scope, frame: Frame | None) -> Values:
        """What ``node``, standing in ``scope``, may be; empty where that is not known."""
        node = unwrapped(node)
        key = (scope.module.path, node.id, id(frame))
        if key in self._known:
            return self._known[key]
        if key in self._provisional:
            return self._provisional[key]
        depth = len(self._open)
        if key in self._open or depth > NESTING_MAX:
            self._cut = min(self._cut, self._open.get(key, 0))
            return UNKNOWN
        self._open[key] = depth
        try:
            found = self._evaluate(node, scope, frame)
        finally:
            del self._open[key]
        # Inside a circle of definitions the answer may lack what the circle's start adds: it is
        # kept until that start is answered, and worked out anew afterwards.
        if self._cut >= depth:
            self._cut = _NOWHERE
            self._known[key] = found
        else:
            self._provisional[key] = found
        if depth == 0:
            self._provisional.clear()
        return found

    def text(self, node: Node, scope: Scope, frame: Frame | None) -> str | None:
        """The string that an expression stands for, if it can be only one."""
        texts = {one.value for one in self.value(node, scope, frame) if isinstance(one, Text)}
        return texts.pop() if len(texts) == 1 else None

    def texts(self, node: Node, scope: Scope, frame: Frame | None, *, nested: int = 3) -> list[str]:
        """Every string that an expression may stand for, elements of arrays included."""
        found: list[str] = []
        for one in self.value(node, scope, frame):
            if isinstance(one, Text):
                found.append(one.value)
            elif isinstance(one, Object) and one.node.type == "array" and nested:
                for element in one.node.named_children:
                    found += self.texts(element, one.scope, one.frame, nested=nested - 1)
        return list(dict.fromkeys(found))

    def frame(
        self, function: Function, arguments: tuple[Values, ...] | None, this: Value | None = None
    ) -> Frame:
        """The frame of one call of a function; equal calls share it."""
        given: list[Values] = []
        for one in arguments or ():
            shallow = one if depth_of(one) < DEPTH_MAX else UNKNOWN
            given.append(distinct([self._passed(value) for value in shallow]))
        parent = function.frame
        this = this if this is not None else function.this
        if this is not None and depth_of((this,)) >= DEPTH_MAX:
            this = None
        depth = 1 + max([depth_of(one) for one in given] + [parent.depth if parent else 0])
        known = tuple(given) if arguments is not None else None
        info = function.function
        key = (info.module.path, info.node.id, known, this, id(parent))
        if key not in self._frames:
            self._frames[key] = Frame(
                function=info, arguments=known, this=this, parent=parent, depth=depth
            )
        return self._frames[key]

    def _passed(self, value: Value) -> Value:
        """A value as an argument: what a library gives is told apart only as far as it matters, so
        that functions are not looked at again for each logger, request or row that they get."""
        if not isinstance(value, Made | Member):
            return value
        start = origin(value)
        if start is None or (start.module in self.kept and not is_given(value)):
            return value
        return External(module=start.module, members=("(value)",))

    def arguments(self, call: Node, scope: Scope, frame: Frame | None) -> tuple[Values, ...]:
        """What the arguments of a call stand for."""
        return tuple(self.value(one, scope, frame) for one in arguments_of(call))

    def _evaluate(self, node: Node, scope: Scope, frame: Frame | None) -> Values:
        found = literal(node)
        if found is not None:
            return (found,)
        visit = _EXPRESSIONS.get(node.type)
        return visit(self, node, scope, frame) if visit else UNKNOWN

    def _identifier(self, node: Node, scope: Scope, frame: Frame | None) -> Values:
        return self.name(text_of(node), scope, frame)

    def name(self, name: str, scope: Scope, frame: Frame | None) -> Values:
        """What a name stands for at a place."""
        current: Scope | None = scope
        while current is not None:
            bindings = current.names.get(name)
            if bindings is not None:
                found: list[Value] = []
                for binding in bindings:
                    found += self._binding(binding, frame)
                for value, at in current.assigned.get(name, ()):
                    same = at.function is current.function
                    found += self.value(value, at, frame if same else None)
                return distinct(found)
            if current.is_function:
                frame = frame.parent if frame else None
            current = current.parent
        module = scope.module
        if name in ("exports", "module"):
            return (Namespace(module=module),) if name == "exports" else ()
        if name == "undefined":
            return UNKNOWN
        return (External(module="global", members=(name,)),)

    def _binding(self, binding: Binding, frame: Frame | None) -> Values:
        if binding.kind == "import":
            return self.imported(binding.specifier, binding.imported, binding.scope.module)
        if binding.kind == "class":
            return (Class(node=binding.node, scope=binding.scope, frame=frame),)
        if binding.kind == "enum":
            return (Object(node=binding.node, scope=binding.scope, frame=frame),)
        if binding.kind == "function":
            return self._function(binding.node, binding.scope, frame)
        if binding.kind == "parameter":
            return self._parameter(binding, frame)
        if binding.kind == "each":
            return self._each(binding, frame)
        values = self.value(binding.node, binding.scope, self._frame_at(binding, frame))
        return self._destructured(values, binding, frame)

    def _frame_at(self, binding: Binding, frame: Frame | None) -> Frame | None:
        return frame if frame and frame.function is binding.scope.function else None

    def _destructured(self, values: Values, binding: Binding, frame: Frame | None) -> Values:
        for step in binding.path:
            if step != "...":
                values = self.members(values, step)
        if binding.default is not None:
            default = self.value(binding.default, binding.scope, frame)
            values = distinct([*values, *default])
        return values

    def _parameter(self, binding: Binding, frame: Frame | None) -> Values:
        values: Values = UNKNOWN
        if frame is not None and frame.arguments is not None:
            if binding.index < len(frame.arguments):
                values = frame.arguments[binding.index]
            if binding.node.type == "rest_pattern":
                values = UNKNOWN
        values = self._destructured(values, binding, frame)
        if not values and binding.type_name and not binding.path:
            for one in self.name(binding.type_name, binding.scope, frame):
                if isinstance(one, Class):
                    return (Instance(of=one, call=None, scope=one.scope, frame=None),)
        return values

    def _each(self, binding: Binding, frame: Frame | None) -> Values:
        at = self._frame_at(binding, frame)
        found: list[Value] = []
        for one in self.value(binding.node, binding.scope, at):
            found += self.elements(one)
        return self._destructured(distinct(found), binding, frame)

    def _function(self, node: Node, scope: Scope, frame: Frame | None) -> Values:
        info = scope.module.functions.get(node.id)
        if info is None:
            return UNKNOWN
        this = self._this_value(scope, frame) if node.type == "arrow_function" else None
        return (Function(function=info, frame=frame, this=this),)

    def _class(self, node: Node, scope: Scope, frame: Frame | None) -> Values:
        return (Class(node=node, scope=scope, frame=frame),)

    def _object(self, node: Node, scope: Scope, frame: Frame | None) -> Values:
        return (Object(node=node, scope=scope, frame=frame),)

    def _this(self, node: Node, scope: Scope, frame: Frame | None) -> Values:
        found = self._this_value(scope, frame)
        return (found,) if found is not None else UNKNOWN

    def _this_value(self, scope: Scope, frame: Frame | None) -> Value | None:
        current: FunctionInfo | None = scope.function
        while current is not None and current.node.type == "arrow_function":
            if frame is not None and frame.this is not None:
                return frame.this
            frame = frame.parent if frame else None
            current = current.parent
        if current is None:
            return None
        if frame is not None and frame.this is not None:
            return frame.this
        return self.own_this(current)

    def own_this(self, info: FunctionInfo) -> Value | None:
        """What ``this`` is in a method of which no call is known."""
        if info.owner is None:
            return None
        node, scope = info.owner
        if node.type == "object":
            return Object(node=node, scope=scope, frame=None)
        of = Class(node=node, scope=scope, frame=None)
        return Instance(of=of, call=None, scope=scope, frame=None)

    def _member(self, node: Node, scope: Scope, frame: Frame | None) -> Values:
        target, name = node.child_by_field_name("object"), node.child_by_field_name("property")
        if target is None or name is None:
            return UNKNOWN
        property_name = text_of(name)
        if text_of(target) == "module" and property_name == "exports":
            return self.exports(scope.module)
        if target.type == "super":
            return self.inherited(self._this_value(scope, frame), property_name)
        return self.members(self.value(target, scope, frame), property_name)

    def _subscript(self, node: Node, scope: Scope, frame: Frame | None) -> Values:
        target, index = node.child_by_field_name("object"), node.child_by_field_name("index")
        if target is None or index is None:
            return UNKNOWN
        values = self.value(target, scope, frame)
        key = self.text(index, scope, frame)
        if key is not None:
            return self.members(values, key)
        found: list[Value] = []
        for one in values:
            if isinstance(one, Object):
                found += self.any_member(one)
            elif is_library(one):
                found.append(Member(base=one, name="[]"))
        return distinct(found)

    def _assignment(self, node: Node, scope: Scope, frame: Frame | None) -> Values:
        right = node.child_by_field_name("right")
        return self.value(right, scope, frame) if right is not None else UNKNOWN

    def _ternary(self, node: Node, scope: Scope, frame: Frame | None) -> Values:
        found: list[Value] = []
        for field in ("consequence", "alternative"):
            part = node.child_by_field_name(field)
            if part is not None:
                found += self.value(part, scope, frame)
        return distinct(found)

    def _binary(self, node: Node, scope: Scope, frame: Frame | None) -> Values:
        left, right = node.child_by_field_name("left"), node.child_by_field_name("right")
        operator = node.child_by_field_name("operator")
        if left is None or right is None or operator is None:
            return UNKNOWN
        if operator.type in ("||", "??", "&&"):
            parts = [right] if operator.type == "&&" else [left, right]
            return distinct([one for part in parts for one in self.value(part, scope, frame)])
        if operator.type == "+":
            texts = (self.text(left, scope, frame), self.text(right, scope, frame))
            if texts[0] is not None and texts[1] is not None:
                return (Text(value=texts[0] + texts[1]),)
        return _PRIMITIVE

    def _template(self, node: Node, scope: Scope, frame: Frame | None) -> Values:
        parts: list[str] = []
        for one in node.named_children:
            if one.type == "template_substitution" and one.named_children:
                found = self.text(one.named_children[0], scope, frame)
                if found is None:
                    return _PRIMITIVE
                parts.append(found)
            else:
                parts.append(text_of(one))
        return (Text(value="".join(parts)),)

    def _sequence(self, node: Node, scope: Scope, frame: Frame | None) -> Values:
        return self.value(node.named_children[-1], scope, frame)

    def _call(self, node: Node, scope: Scope, frame: Frame | None) -> Values:
        callee = node.child_by_field_name("function")
        if callee is None:
            return UNKNOWN
        given = arguments_of(node)
        if callee.type == "import" or text_of(callee) == "require":
            return self.required(given, scope, frame) if given else UNKNOWN
        found: list[Value] = []
        for one in self.value(callee, scope, frame):
            found += self.called(one, node, scope, frame)
        return distinct(found)

    def called(self, value: Value, call: Node, scope: Scope, frame: Frame | None) -> Values:
        """What calling a value gives."""
        if isinstance(value, Function):
            return self.returned(value, self.arguments(call, scope, frame))
        if isinstance(value, Member) and isinstance(value.base, Function):
            return (value.base,) if value.name == "bind" else UNKNOWN
        if not is_library(value):
            return UNKNOWN
        if value in _PASSING:
            return distinct([o for a in self.arguments(call, scope, frame)[:1] for o in a])
        for result in self.results:
            found = result(self, value, call, scope, frame)
            if found is not None:
                return found
        return (Made(callee=value, call=call, scope=scope, frame=frame),)

    def returned(self, function: Function, arguments: tuple[Values, ...]) -> Values:
        """What a function of the program returns."""
        inner = self.frame(function, arguments)
        found: list[Value] = []
        for node, scope in function.function.returns:
            found += self.value(node, scope, inner)
        return distinct(found)

    def _new(self, node: Node, scope: Scope, frame: Frame | None) -> Values:
        callee = node.child_by_field_name("constructor")
        found: list[Value] = []
        for one in self.value(callee, scope, frame) if callee is not None else ():
            if isinstance(one, Class | Function):
                found.append(Instance(of=one, call=node, scope=scope, frame=frame))
            elif is_library(one):
                found.append(Made(callee=one, call=node, scope=scope, frame=frame))
        return distinct(found)


_PASSING = frozenset(
    External(module="global", members=("Object", name)) for name in ("freeze", "seal")
) | {External(module="util", members=("promisify",))}
"""Library functions that give back what they are given."""

_PRIMITIVE: Values = (External(module="global", members=("Object",)),)
"""A string or number of which only its methods are known."""

_EXPRESSIONS: dict[str, Callable[[Evaluator, Node, Scope, Frame | None], Values]] = {
    "identifier": Evaluator._identifier,
    "type_identifier": Evaluator._identifier,
    "shorthand_property_identifier": Evaluator._identifier,
    "shorthand_property_identifier_pattern": Evaluator._identifier,
    "this": Evaluator._this,
    "member_expression": Evaluator._member,
    "subscript_expression": Evaluator._subscript,
    "call_expression": Evaluator._call,
    "new_expression": Evaluator._new,
    "object": Evaluator._object,
    "array": Evaluator._object,
    "assignment_expression": Evaluator._assignment,
    "ternary_expression": Evaluator._ternary,
    "binary_expression": Evaluator._binary,
    "template_string": Evaluator._template,
    "sequence_expression": Evaluator._sequence,
    "class": Evaluator._class,
    "class_declaration": Evaluator._class,
    "function_declaration": Evaluator._function,
    "function_expression": Evaluator._function,
    "arrow_function": Evaluator._function,
    "method_definition": Evaluator._function,
    "generator_function": Evaluator._function,
    "generator_function_declaration": Evaluator._function,
}
