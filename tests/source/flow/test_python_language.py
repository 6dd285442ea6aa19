"""Python files in the one form: all syntax is kept, and no file is too broken or too deep."""

from __future__ import annotations

import msgspec
import pytest

from redhanded.source.flow import form
from redhanded.source.flow.form import Attribute, Call, Constant, If, Let, Name, Operation, Text
from redhanded.source.flow.languages.python import LANGUAGE
from redhanded.source.flow.module import Function, Module


def lowered(text: str | bytes) -> Module:
    source = text.encode() if isinstance(text, str) else text
    module = LANGUAGE.lower("app/module.py", source)
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(module), type=Module) == module
    return module


def calls(module: Module) -> list[tuple[str, int]]:
    """Last name and line of every call, in order of functions."""
    found: list[tuple[str, int]] = []
    waiting: list[object] = [function.body for function in reversed(module.functions)]
    while waiting:
        one = waiting.pop()
        if isinstance(one, tuple):
            waiting.extend(reversed(one))
        elif isinstance(one, form.Form):
            if isinstance(one, Call):
                found.append((getattr(one.function, "name", "?"), one.line))
            waiting.extend(reversed([getattr(one, name) for name in one.__struct_fields__]))
    return found


def function(module: Module, name: str) -> Function:
    return next(one for one in module.functions if one.name == name)


EVERYTHING = """\
import os, json.decoder
import numpy as np
from . import sibling
from ..pkg.deep import thing as other, more
from star import *
if TYPE_CHECKING:
    from models import Parcel

@app.task(bind=True)
async def work(self, a, /, b: "Parcel" = 1, *rest, c=None, **named) -> dict[str, int]:
    global seen
    seen = seen + 1
    async with pool.acquire() as connection, other_lock:
        async for row in connection.cursor("q"):
            await handle(row)
    if (found := look(a)) is not None and b not in rest:
        return {**named, "k": found}
    try:
        risky()
    except (KeyError, errors.Lost) as problem:
        raise Wrapped(f"no {problem!r} of {a:>{width()}}") from problem
    except* ValueError:
        pass
    else:
        fine()
    finally:
        done()
""".replace("    except* ValueError:\n        pass\n", "")


def test_functions_imports_and_statements() -> None:
    module = lowered(EVERYTHING)
    assert module.damaged_at == 0
    assert [(one.specifier, one.name, one.local) for one in module.imports] == [
        ("os", "*", "os"),
        ("json", "*", "json"),
        ("json.decoder", "*", ""),
        ("numpy", "*", "np"),
        (".", "sibling", "sibling"),
        ("..pkg.deep", "thing", "other"),
        ("..pkg.deep", "more", "more"),
        ("star", "*", "*"),
        ("models", "Parcel", "Parcel"),
    ]
    work = function(module, "work")
    assert work.is_async
    assert not work.is_generator
    assert [(one.target, one.variadic) for one in work.parameters] == [
        (Name("self"), ""),
        (Name("a"), ""),
        (Name("b"), ""),
        (Name("rest"), "*"),
        (Name("c"), ""),
        (Name("named"), "**"),
    ]
    assert work.parameters[2].annotation == Name("Parcel")
    assert work.parameters[2].default == Constant(1)
    first = work.body[0]
    assert isinstance(first, Let)
    assert first.kind == "global"
    names = [name for name, _ in calls(module)]
    assert names == [
        *("acquire", "cursor", "handle", "look", "risky", "Wrapped", "width", "fine", "done"),
    ]
    test = work.body[2]
    assert isinstance(test, If)
    assert isinstance(test.test, Operation)
    assert test.test.operator == "and"
    assert test.test.operands[0] == Operation(
        "!=",
        (
            form.Assigning(Name("found"), calls_of(test.test)[0]),
            Constant(None),
        ),
    )
    assert test.test.operands[1] == Operation("not", (Operation("in", (Name("b"), Name("rest"))),))


def calls_of(expression: form.Expression) -> list[Call]:
    found = []
    waiting: list[object] = [expression]
    while waiting:
        one = waiting.pop()
        if isinstance(one, Call):
            found.append(one)
        if isinstance(one, form.Form):
            waiting.extend(getattr(one, name) for name in one.__struct_fields__)
        elif isinstance(one, tuple):
            waiting.extend(one)
    return found


def test_except_star_is_a_try() -> None:
    module = lowered("try:\n    run()\nexcept* ValueError as group:\n    note(group)\n")
    one = module.functions[0].body[0]
    assert isinstance(one, form.Try)
    assert one.handlers[0].types == (Name("ValueError"),)


CLASSES = '''\
@dataclass
class Box(Base, metaclass=Meta):
    """Doc."""
    name: str
    size: int = field(default=0)
    a, b = 1, 2
    register(Box)

    class Meta:
        unique_together = [("name", "size")]

    if DEBUG:
        def shown(self): ...

    def __init__(self, name): self.name = name
    @staticmethod
    def make(): return Box("x")
    @classmethod
    def other(cls): return cls("y")
    @property
    def width(self): return self._width
    @width.setter
    def width(self, value): self._width = value
'''


def test_classes() -> None:
    module = lowered(CLASSES)
    meta = next(one for one in module.classes if one.name == "Meta")
    box = next(one for one in module.classes if one.name == "Box")
    assert [(one.name, one.annotation) for one in box.fields] == [
        ("name", Name("str")),
        ("size", Name("int")),
        ("a", None),
        ("b", None),
    ]
    assert [module.classes[one] for one in box.classes] == [meta]
    assert meta.fields[0].name == "unique_together"
    assert [(module.functions[one].name, module.functions[one].kind) for one in box.methods] == [
        ("shown", ""),
        ("__init__", "constructor"),
        ("make", "static"),
        ("other", "class"),
        ("width", "get"),
        ("width", "set"),
    ]
    assert [one.name for one in box.bases] == [None, "metaclass"]
    assert calls(module)[0] == ("register", 7)
    assert isinstance(module.functions[0].body[-1], form.DefineClass)


def test_a_call_stands_where_its_last_name_does() -> None:
    module = lowered(
        "found = (\n    session\n    .query(Parcel)\n    .filter_by(id=1)\n    .first()\n)\n"
    )
    assert calls(module) == [("first", 5), ("filter_by", 4), ("query", 3)]


@pytest.mark.parametrize(
    "written",
    ['f"stock:{sku}"', '"stock:%s" % sku', '"stock:%s" % (sku,)', '"stock:{}".format(sku)',
     '"stock:{s}".format(s=sku)', '"stock:%(s)s" % {"s": sku}'],
)  # fmt: skip
def test_formatted_text(written: str) -> None:
    one = lowered(f"x = {written}").functions[0].body[0]
    assert isinstance(one, Let)
    assert one.value == Text((Constant("stock:"), Name("sku")))


@pytest.mark.parametrize("written", ['"%s %s" % pair', "pattern.format(sku)", '"{0.a}".format(x)'])
def test_what_is_not_sure_stays_an_operation(written: str) -> None:
    one = lowered(f"x = {written}").functions[0].body[0]
    assert isinstance(one, Let)
    assert not isinstance(one.value, Text)


def test_match_is_a_chain_of_conditions() -> None:
    module = lowered(
        "match event.get('type'):\n"
        "    case 'paid' | 'settled':\n        pay()\n"
        "    case {'id': number} if number > 3:\n        big(number)\n"
        "    case Refund(amount=0):\n        none()\n"
        "    case _:\n        rest()\n"
    )
    body = module.functions[0].body
    assert isinstance(body[0], Let)
    subject = body[0].target
    first = body[1]
    assert isinstance(first, If)
    assert first.test == Operation(
        "or",
        (
            Operation("==", (subject, Constant("paid"))),
            Operation("==", (subject, Constant("settled"))),
        ),
    )
    bound, second = first.other
    assert bound == Let(Name("number"), Attribute(subject, "id"), 4)
    assert isinstance(second, If)
    names = [name for name, _ in calls(module)]
    assert names == ["get", "pay", "big", "isinstance", "none", "rest"]


def test_yield_inside_of_an_expression() -> None:
    module = lowered("def session():\n    got = yield make()\n    use(got)\n")
    assert function(module, "session").is_generator
    assert isinstance(function(module, "session").body[0], form.Return)


def test_comments_that_speak_to_redhanded() -> None:
    module = lowered(
        'x = "# redhanded-ignore text"\n'
        "y = 1  # redhanded-ignore[check-then-create]: one writer only\n"
    )
    assert [(one.line, one.text) for one in module.notes] == [
        (2, "redhanded-ignore[check-then-create]: one writer only")
    ]


@pytest.mark.parametrize(
    ("text", "kept", "damaged_at"),
    [
        ("def good():\n    a()\ndef bad():\n    b(\ndef fine():\n    c()\n", {"a", "c"}, 4),
        ("class A:\n    def x(self):\n        a()\n    def y(self):\n        = b\n        c()\n",
         {"a", "c"}, 5),
        ("def f():\n  if x:\n    = 1\n  else:\n    b()\na()\n", {"a", "b"}, 3),
        ('try:\n    a()\nexcept Exception, e:\n    print "no", b(e)\nraise X, "y"\n',
         {"a", "b", "X", "print"}, 0),
        ("x = 0777\nn = 10L\nif x <> n: a()\n", {"a"}, 0),
        ("from {{ cookiecutter.slug }} import x\n{% if y %}\na()\n{% endif %}\n", {"a"}, 1),
        ("def f[T](x: T) -> T:\n    return a(x)\ntype N = int\n", {"a"}, 0),
        ("class B[T]:\n    z = b()\n    def m[K: (int, str)](self): a()\n", {"a"}, 0),
        ('x = f"{a("k")} and {b["k"]}"\n', {"a"}, 0),
        ("try:\n    a()\nexcept KeyError, ValueError:\n    b()\n", {"a", "b"}, 0),
        ("a()\n'''never closed\n", {"a"}, 2),
        ("a()\n\x00\n", {"a"}, 0),
        ("", set(), 0),
        ("a(\r\n)\r\n", {"a"}, 0),
        ("\tif x:\n a()\n", set(), 1),
    ],
)  # fmt: skip
def test_damaged_files_keep_the_rest(text: str, kept: set[str], damaged_at: int) -> None:
    module = lowered(text)
    assert kept <= {name for name, _ in calls(module)}
    assert module.damaged_at == damaged_at


@pytest.mark.parametrize(
    "source", [b"\xff\xfe\x00x = 1", b"# coding: nonsense\na()", b"# coding: latin-1\nx = '\xe9'",
               b"\xef\xbb\xbfa()", b"x = '\xe9'\n", b"\x80\x81\x82" * 100]
)  # fmt: skip
def test_any_bytes(source: bytes) -> None:
    lowered(source)


@pytest.mark.parametrize(
    "text",
    [
        "x = " + "+".join(["a()"] * 5000),
        "x = " + "-".join(["a()"] * 500),
        "x = " + "(" * 190 + "a()" + ")" * 190,
        "x = " + "(" * 3000 + "a()" + ")" * 3000,
        "x = " + "[" * 150 + "a()" + "]" * 150,
        "x = q" + ".filter(a())" * 400,
        "x = q" + ".filter(a())" * 4000,
        "x = " + "not " * 900 + "a()",
        "x = " + "f(" * 190 + "a()" + ")" * 190,
        "x = " + "lambda: " * 150 + "a()",
        "if x:\n    a()\n" + "elif y:\n    a()\n" * 800,
        "if x:\n    a()\n" + "elif y:\n    a()\n" * 5000,
        "".join(" " * n + "if a():\n" for n in range(90)) + " " * 90 + "b()\n",
        "".join(" " * n + f"def f{n}(x=a()):\n" for n in range(90)) + " " * 90 + "b()\n",
        "".join(" " * n + f"class C{n}(a()):\n" for n in range(90)) + " " * 90 + "b()\n",
        "match x:\n    case " + "[" * 100 + "1" + "]" * 100 + ":\n        a()\n",
        "x: " + "L[" * 150 + "a" + "]" * 150 + " = a()\n",
        "x = a() " + "if y else a() " * 900 + "if z else 1",
        "x = [" + " for x in a()" * 300 + "]",
    ],
    ids=[f"deep-{number}" for number in range(19)],
)  # fmt: skip
def test_deep_nesting(text: str) -> None:
    lowered("a()\n" + text)


def test_a_long_condition_keeps_its_calls() -> None:
    module = lowered("if x:\n    a()\n" + "elif y:\n    a()\n" * 200)
    assert len(calls(module)) == 201


def test_slices() -> None:
    written = {"x[:8]": (0, 8), "x[-6:]": (-6,), "x[2:5]": (2, 5)}
    for text, limits in written.items():
        one = lowered(f"y = {text}").functions[0].body[0]
        assert isinstance(one, Let)
        assert one.value == Operation("[:]", (Name("x"), *map(Constant, limits)))
