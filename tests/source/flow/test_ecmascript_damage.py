"""Files that are broken, newer than the grammar, or nested without end."""

from __future__ import annotations

import msgspec
import pytest

from redhanded.source.flow.form import (
    Argument,
    Attribute,
    Await,
    Call,
    Constant,
    Do,
    Let,
    Loop,
    Name,
    Operation,
    Text,
)
from redhanded.source.flow.languages.ecmascript.lowering import lower
from redhanded.source.flow.module import Module

BEFORE = """import { Pool } from 'pg';
export async function first(id) {
  return pool.query('SELECT 1', [id]);
}
"""
AFTER = """
export class Service {
  async go(x) { return this.repo.save(x); }
}
app.post('/x', async (req, res) => { await first(req.body.id); });
"""


def test_a_variable_may_be_called_using() -> None:
    text = """import type { Knex } from 'knex';
export const first = (using: Knex = db) => using<Row>('seats').where({ id }).first();
export function all(using) { return using('seats using x').select(); }
"""
    module = lower("a.ts", text.encode())
    assert module.damaged_at == 0
    assert {"first", "all"} <= {one.name for one in module.functions}
    said = str([one.body for one in module.functions])
    assert "seats using x" in said and "us_ng" not in said


@pytest.mark.parametrize(
    "broken",
    [
        "function broken() { if (a) { b();",
        "class A { foo( { }",
        "foo(1, 2;",
        "<<<<<<< HEAD\nconst a = 1;\n=======\nconst a = 2;\n>>>>>>> branch",
        "const a = <%= value %>;",
        "}",
        'const s = "abc;',
        "const r = /[/;",
        "const t = `abc ${x;",
        "const o = { a: 1, b: , c: 2 };",
        "class W {\n  a() {\n    if (x) {\n  }\n  b() { c() }\n}",
    ],
)
def test_what_is_broken_costs_only_itself(broken: str) -> None:
    module = lower("a.ts", f"{BEFORE}{broken}{AFTER}".encode())
    last = BEFORE.count("\n") + broken.count("\n") + 1
    assert BEFORE.count("\n") < module.damaged_at <= last
    assert {"first", "go"} <= {one.name for one in module.functions}
    assert "Service" in [one.name for one in module.classes]
    assert "post" in str(module.functions[0].body)


@pytest.mark.parametrize(
    "newer",
    [
        "class B { accessor x = 1; static accessor y = 2; }",
        'import defer * as q from "q";',
        "class Q<in out T> { a() {} }",
        "interface Q<\n  // what\n  out T extends R = R,\n  in U,\n> { a(): void }",
        "class P { #x; has(o) { return #x in o } }",
        "const z = /[\\p{L}--[a-z]]/v;",
        "function asrt(x: unknown): asserts x is string {}",
        "const g = async <const T,>(x: T): Promise<T> => await x;",
        'import a from "./a.json" with { type: "json" };',
        "const r = sql<Row[]>`SELECT ${id}`;",
        "export type * from './x'; export type * as T from './y';",
        "let b: import('./a').B<C> = d;",
        "@A() @B export default class Z { @C() private readonly d!: E }",
    ],
)
def test_todays_syntax_is_no_damage(newer: str) -> None:
    module = lower("a.ts", f"{newer}{AFTER}".encode())
    assert module.damaged_at == 0
    assert "go" in {one.name for one in module.functions}


@pytest.mark.parametrize("path", ["a.ts", "a.tsx"])
@pytest.mark.parametrize(
    "types",
    ["Row", "Row[]", "{ count: number }[]", "Array<{ id: string; f: () => void }>", "\n  Row\n"],
)
def test_types_before_a_template_are_no_comparison(path: str, types: str) -> None:
    written = f"await db.query<{types}>`SELECT '<b>' ${{id}} <b>`"
    module = lower(path, f"x = {written};".encode())
    (statement,) = module.functions[0].body
    assert isinstance(statement, Let) and isinstance(statement.value, Await)
    call = statement.value.value
    assert isinstance(call, Call) and call.tagged
    assert call.function == Attribute(Name("db"), "query")
    assert call.arguments[0].value == Text(
        (Constant("SELECT '<b>' "), Name("id"), Constant(" <b>"))
    )
    assert (module.damaged_at, call.column) == (0, 14)


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("a.js", "await (db).query(x)"),
        ("a.js", "await (0, db.query)(x)"),
        ("a.ts", "await db.query<Row>(x)"),
        ("a.ts", "await db.query<Array<{ n: number }>>(x)"),
        ("a.tsx", "await db!.query(x)"),
        ("a.ts", "await (db as Pool)!.query<Row>(x!)"),
        ("a.ts", "void db.query<Row>(x)"),
        ("a.ts", "!db!.query<Row>(x)"),
    ],
)
def test_an_operator_before_a_call_is_of_its_result(path: str, text: str) -> None:
    (statement,) = lower(path, f"{text};".encode()).functions[0].body
    assert isinstance(statement, Do)
    outer = statement.value
    assert isinstance(outer, Await | Operation)
    call = outer.value if isinstance(outer, Await) else outer.operands[0]
    assert isinstance(call, Call)
    assert (call.function, call.arguments) == (
        Attribute(Name("db"), "query"),
        (Argument(Name("x")),),
    )


def test_what_looks_like_await_is_none() -> None:
    module = lower("a.js", b"s = 'await (x)'; o.await(x); for await (const a of b) {}")
    first, second, third = module.functions[0].body
    assert isinstance(first, Let) and first.value == Constant("await (x)")
    assert isinstance(second, Do) and isinstance(second.value, Call)
    assert isinstance(third, Loop) and third.is_async


def test_new_of_what_is_sure_to_be_there() -> None:
    (statement,) = lower("a.ts", b"new Made!(x)").functions[0].body
    assert isinstance(statement, Do) and isinstance(statement.value, Call)
    assert (statement.value.new, statement.value.function) == (True, Name("Made"))
    assert statement.value.arguments == (Argument(Name("x")),)


@pytest.mark.parametrize(
    ("begin", "inner", "end"),
    [
        ("(", "1", ")"),
        ("[", "", ""),
        ("{", "", "}"),
        ("a=>{", "", ""),
        ("x=>", "1", ""),
        ("if(a)b();else ", "c()", ""),
        ("a?b:", "c", ""),
        ("function f(){", "", "}"),
        ("!", "a", ""),
        ("a*", "a", ""),
        ("`${", "", "}`"),
        ("switch(a){case 1:", "", "}"),
        ("using a = b;", "", ""),
        ("namespace a{", "", "}"),
        ("let x:A<", "B", ">"),
        ("try{", "", "}finally{}"),
        ("f(", "1", ")"),
        ("a.b().", "c", ""),
        ("new ", "x", ""),
    ],
)
@pytest.mark.parametrize("path", ["a.js", "a.tsx"])
def test_nesting_has_an_end(path: str, begin: str, inner: str, end: str) -> None:
    module = lower(path, f"{begin * 10_000}{inner}{end * 10_000}\n;last()".encode())
    assert module.damaged_at == 1
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(module), type=Module) == module


def test_long_texts_are_not_deep() -> None:
    text = "a = " + " + ".join(f"f({one})" for one in range(5_000)) + ";b = 1"
    module = lower("a.js", text.encode())
    assert module.damaged_at == 0
    assert len(module.functions[0].body) == 2


def test_a_switch_of_a_thousand_cases() -> None:
    cases = "".join(f"case {one}: f({one}); break;" for one in range(1_000))
    module = lower("a.js", f"switch (x) {{ {cases} }}".encode())
    assert module.damaged_at == 0
    assert str(module.functions[0].body).count("Name(name='f')") == 1_000


@pytest.mark.parametrize("source", [b"", b"\xef\xbb\xbff()", b"\xff\xfe\x00f", b"#!/bin/node\nf()"])
def test_any_bytes_are_read(source: bytes) -> None:
    assert lower("a.js", source).language == "javascript"
