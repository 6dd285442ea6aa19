"""JavaScript and TypeScript in the one form."""

from __future__ import annotations

import msgspec
import pytest

from redhanded.source.flow.form import (
    Argument,
    Assigning,
    Attribute,
    Await,
    Call,
    Constant,
    Define,
    DefineClass,
    Do,
    Expression,
    If,
    Item,
    Jump,
    Lambda,
    Let,
    Loop,
    Mapping,
    Name,
    Operation,
    Pair,
    Return,
    Sequence,
    Statement,
    Text,
    Try,
    With,
)
from redhanded.source.flow.languages.ecmascript.lowering import lower
from redhanded.source.flow.module import Module


def body(text: str, path: str = "a.ts") -> tuple[Statement, ...]:
    return lower(path, text.encode()).functions[0].body


def value(text: str, path: str = "a.ts") -> Expression:
    (statement,) = body(f"x = {text}", path)
    assert isinstance(statement, Let)
    return statement.value


def bound(module: Module) -> list[tuple[str, str, str]]:
    return [(one.specifier, one.name, one.local) for one in module.imports]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("const pool = require('pg')", [("pg", "=", "pool")]),
        (
            "const { Queue: Q, Worker } = require('bullmq')",
            [("bullmq", "Queue", "Q"), ("bullmq", "Worker", "Worker")],
        ),
        ("const Pool = require('pg').Pool", [("pg", "Pool", "Pool")]),
        ("const x_1 = __importDefault(require('x'))", [("x", "*", "x_1")]),
        ("var a = require('a'), b = require('b')", [("a", "=", "a"), ("b", "=", "b")]),
        ("import pool from 'pg'", [("pg", "default", "pool")]),
        (
            "import { Queue as Q, Worker } from 'bullmq'",
            [("bullmq", "Queue", "Q"), ("bullmq", "Worker", "Worker")],
        ),
        ("import d, * as all from 'm'", [("m", "default", "d"), ("m", "*", "all")]),
        (
            "import { default as d, 'odd name' as o } from 'm'",
            [("m", "default", "d"), ("m", "odd name", "o")],
        ),
        ("import 'side-effect'", [("side-effect", "*", "")]),
        ("import pool = require('pg')", [("pg", "=", "pool")]),
        ("const { Pool } = await import('pg')", [("pg", "Pool", "Pool")]),
    ],
)
def test_imports_of_all_module_styles(text: str, expected: list[tuple[str, str, str]]) -> None:
    module = lower("a.ts", text.encode())
    assert bound(module) == expected
    assert module.functions[0].body == ()
    assert module.damaged_at == 0


def test_a_require_that_is_not_only_bound_stays_where_it_is() -> None:
    module = lower("a.js", b"app.use(require('./routes'));\nrequire('./late')(app);")
    assert bound(module) == [("./routes", "=", ""), ("./late", "=", "")]
    assert len(module.functions[0].body) == 2


def test_a_require_inside_a_function_says_so() -> None:
    module = lower("a.js", b"function f() { const pg = require('pg'); }")
    assert [one.function for one in module.imports] == [1]


def test_a_require_that_is_computed_is_no_import() -> None:
    module = lower("a.js", b"const x = require(path.join(__dirname, name))")
    assert module.imports == ()
    assert len(module.functions[0].body) == 1


def test_types_that_are_imported_are_marked() -> None:
    module = lower("a.ts", b"import type { A } from 'a';\nimport { type B, C } from 'b';")
    assert [(one.local, one.is_type) for one in module.imports] == [
        ("A", True),
        ("B", True),
        ("C", False),
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("export const limit = 1", {"limit": Name("limit")}),
        ("const a = 1; export { a as b }", {"b": Name("a")}),
        ("export function pay() {}", {"pay": Name("pay")}),
        ("export default class Cart {}", {"default": Name("Cart")}),
        ("exports.limit = 1", {"limit": Constant(1)}),
        ("module.exports.limit = 1", {"limit": Constant(1)}),
        ("module.exports = Cart", {"=": Name("Cart")}),
        ("exports = module.exports = Cart", {"=": Name("Cart")}),
        ("export = Cart", {"=": Name("Cart")}),
        ("exports.a = exports.b = void 0; exports.a = 1", {"a": Constant(1)}),
        ("Object.assign(module.exports, { a: 1 })", {"a": Constant(1)}),
        ("export const { a, b: [c] } = f()", {"a": Name("a"), "c": Name("c")}),
        ("export enum Kind { A }", {"Kind": Name("Kind")}),
        ("export const pg = require('pg')", {"pg": Name("pg")}),
        (
            "Object.defineProperty(exports, 'a', { get: function () { return m_1.a; } })",
            {"a": Attribute(Name("m_1"), "a")},
        ),
        ("Object.defineProperty(exports, '__esModule', { value: true })", {}),
        ("export type { T }; export interface I {}", {}),
        ("const other = {}; other.exports = 1; reports.a = 1", {}),
    ],
)
def test_what_a_file_gives_away(text: str, expected: dict[str, Expression]) -> None:
    module = lower("a.ts", text.encode())
    assert {one.exported: one.value for one in module.exports} == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("export * from './a'", ("*", "./a", "*")),
        ("export * as a from './a'", ("a", "./a", "*")),
        ("export { a as b } from './a'", ("b", "./a", "a")),
        ("export { default } from './a'", ("default", "./a", "default")),
        ("module.exports = require('./a')", ("=", "./a", "=")),
        ("exports.a = require('./a')", ("a", "./a", "=")),
        ("__exportStar(require('./a'), exports)", ("*", "./a", "*")),
        ("Object.assign(module.exports, require('./a'))", ("*", "./a", "*")),
    ],
)
def test_barrels(text: str, expected: tuple[str, str, str]) -> None:
    (one,) = lower("a.ts", text.encode()).exports
    assert (one.exported, one.specifier, one.name) == expected


def test_a_default_export_that_is_computed_happens_once() -> None:
    module = lower("a.mjs", b"export default wrap(async () => 1)")
    (statement,) = module.functions[0].body
    assert isinstance(statement, Let) and isinstance(statement.value, Call)
    assert [one.value for one in module.exports] == [statement.target]


def test_the_line_of_a_call_is_the_one_a_stack_trace_shows() -> None:
    call = value("await db\n  .transaction()\n  .query(\n    'q'\n  )")
    assert isinstance(call, Await) and isinstance(call.value, Call)
    assert (call.value.line, call.value.column, call.value.end_line) == (3, 4, 5)
    made = value("new Pool(\n1)")
    assert isinstance(made, Call) and made.new
    assert (made.line, made.column) == (1, 5)
    twice = value("f('é')(2)")
    assert isinstance(twice, Call)
    assert twice.column == 11, "the parenthesis, counted in characters"


def test_optional_chains_and_written_keys_are_attributes() -> None:
    assert value("a?.b?.['c'][d]") == Item(Attribute(Attribute(Name("a"), "b"), "c"), Name("d"))
    call = value("a?.b!.c?.(1)")
    assert isinstance(call, Call)
    assert call.function == Attribute(Attribute(Name("a"), "b"), "c")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a === b", Operation("==", (Name("a"), Name("b")))),
        ("!a", Operation("not", (Name("a"),))),
        ("a + 'x' + b", Operation("+", (Name("a"), Constant("x"), Name("b")))),
        ("a && b && c || d", Operation(
            "or", (Operation("and", (Name("a"), Name("b"), Name("c"))), Name("d")))),
        ("a - b - c", Operation("-", (Operation("-", (Name("a"), Name("b"))), Name("c")))),
        ("-1", Constant(-1)),
        ("0x10", Constant(16)),
        ("1_000n", Constant(1000)),
        ("1e3", Constant(1000)),
        ("'a\\n\\u0041\\x41\\'\\\n'", Constant("a\nAA'")),
        ("`plain`", Constant("plain")),
        ("`a${b}c`", Text((Constant("a"), Name("b"), Constant("c")))),
        ("undefined", Constant(None)),
        ("(a as unknown as B)!", Name("a")),
        ("a satisfies B", Name("a")),
        ("void a", Operation("void", (Name("a"),))),
        ("[1,,...a]", Sequence((Constant(1), Constant(None), msgspec.convert(
            ["Spread", ["Name", "a"]], Expression)))),
    ],
)  # fmt: skip
def test_operators_and_literals(text: str, expected: Expression) -> None:
    assert value(text) == expected


def test_what_compilers_put_before_a_call_is_taken_off() -> None:
    (statement,) = body("(0, lib_1.query)(x)", "a.js")
    assert isinstance(statement, Do) and isinstance(statement.value, Call)
    assert statement.value.function == Attribute(Name("lib_1"), "query")


def test_a_tagged_template_is_a_call_with_its_parts() -> None:
    call = value("sql`SELECT ${id}`")
    assert isinstance(call, Call) and call.tagged
    assert call.arguments == (Argument(Text((Constant("SELECT "), Name("id")))),)


def test_destructuring_with_defaults_everywhere() -> None:
    target = Mapping(
        (
            Pair(Constant("a"), Assigning(Name("a"), Constant(1))),
            Pair(Constant("b"), Mapping((Pair(Constant("c"), Name("c")),))),
            Pair(None, Name("rest")),
        )
    )
    text = "{ a = 1, b: { c }, ...rest }"
    for written in (f"const {text} = f()", f"({text} = f())"):
        (statement,) = body(written)
        assert isinstance(statement, Let)
        assert statement.target == target
    (parameter,) = lower("a.ts", f"function g({text}) {{}}".encode()).functions[1].parameters
    assert parameter.target == target


def test_functions_take_the_names_they_are_given_to() -> None:
    module = lower(
        "a.ts",
        b"const a = () => 1; const o = { b: async () => 2, c() {} }; exports.d = function () {};"
        b"e(function f() {}, () => 3)",
    )
    assert [one.name for one in module.functions[1:]] == ["a", "b", "c", "d", "f", ""]
    assert [one.keeps_this for one in module.functions[1:]] == [
        True, True, False, False, False, True,
    ]  # fmt: skip
    assert module.functions[1].body == (Return(Constant(1), 1),)


def test_function_declarations_are_bound_before_the_first_statement() -> None:
    assert [type(one) for one in body("f(); function f() {}")] == [Define, Do]


def test_a_class_with_everything() -> None:
    module = lower(
        "a.ts",
        b"""@Injectable()
export class Stock extends Base<Item> implements Other {
  @Column({ type: 'int' }) private count?: number = 1;
  static #shared = new Map<string, Item>();
  constructor(@Inject(TOKEN) private readonly repo: Repository<Item>, plain: string | null) {
    super();
  }
  @Post(':id') async take(@Param('id') id: string): Promise<Item[]> { return this.repo.find(); }
  get size() { return 1; }
  static of(): Stock { return new Stock(); }
  later = async () => { await this.repo.save(); };
  overloaded(a: string): void;
  overloaded(a: any) {}
  static { register(Stock); }
}""",
    )
    (stock,) = module.classes
    assert (stock.name, stock.line, stock.end_line) == ("Stock", 2, 15)
    assert [one.value for one in stock.bases] == [Name("Base"), Name("Item")]
    assert [one.name for one in stock.bases] == [None, "<>"]
    assert len(stock.decorators) == 1
    assert [(one.name, one.is_static) for one in stock.fields] == [
        ("count", False),
        ("#shared", True),
        ("later", False),
    ]
    assert len(stock.fields[0].decorators) == 1
    methods = [module.functions[one] for one in stock.methods]
    assert [(one.name, one.kind) for one in methods] == [
        ("constructor", "constructor"),
        ("take", ""),
        ("size", "get"),
        ("of", "static"),
        ("overloaded", ""),
    ]
    repo, plain = methods[0].parameters
    assert (repo.is_field, plain.is_field) == (True, False)
    assert repo.annotation == Item(Name("Repository"), Name("Item"))
    assert plain.annotation == Name("string"), "null takes nothing away from a type"
    assert len(repo.decorators) == 1
    assert methods[1].is_async and len(methods[1].decorators) == 1
    assert methods[1].returns == Item(Name("Promise"), Item(Name("Array"), Name("Item")))
    later = stock.fields[2].value
    assert isinstance(later, Lambda)
    assert module.functions[later.function].owner == 0
    assert [type(one) for one in module.functions[0].body] == [DefineClass, Do]


def test_a_class_inside_an_expression_is_bound_before_it() -> None:
    text = "const Mixed = class extends Base {}; f(class {}); const make = () => class {};"
    module = lower("a.js", text.encode())
    assert [type(one) for one in module.functions[0].body] == [
        DefineClass,
        DefineClass,
        Do,
        Let,
    ]
    assert [one.name for one in module.classes] == ["Mixed", "class@1:40", "class@1:70"]
    assert [type(one) for one in module.functions[1].body] == [DefineClass, Return]


def test_loops() -> None:
    each, names, waits, counted, until = body(
        "for (const [a, b = 1] of f()) {} for (k in o) {} for await (const x of y) {}"
        " for (; i < 3; i++) { continue } do { break } while (g())"
    )
    assert isinstance(each, Loop) and each.kind == "each" and isinstance(each.target, Sequence)
    assert isinstance(names, Loop) and names.over == Operation("keys", (Name("o"),))
    assert isinstance(waits, Loop) and waits.is_async
    assert isinstance(counted, Loop) and counted.kind == "while"
    assert counted.body == (Jump("continue", 1), Let(Name("i"), Constant(1), 1, "+"))
    assert isinstance(until, Loop) and until.body == (Jump("break", 1),)


def test_try() -> None:
    (found,) = body("try { a() } catch ({ code }) { throw code } finally { b() }")
    assert isinstance(found, Try)
    assert found.handlers[0].target == Mapping((Pair(Constant("code"), Name("code")),))
    assert (len(found.body), len(found.final)) == (1, 1)


def called(statements: tuple[Statement, ...]) -> list[str]:
    found = []
    for one in statements:
        if isinstance(one, Do) and isinstance(one.value, Call):
            assert isinstance(one.value.function, Name)
            found.append(one.value.function.name)
    return found


def test_a_switch_is_a_chain_with_what_falls_through() -> None:
    (first,) = body(
        "switch (kind) { case 'a': case 'b': one(); break; case 'c': two();"
        " default: three(); break; case 'd': four(); return; }"
    )
    kind = Name("kind")
    assert isinstance(first, If)
    assert first.test == Operation(
        "or",
        (Operation("==", (kind, Constant("a"))), Operation("==", (kind, Constant("b")))),
    )
    assert called(first.then) == ["one"]
    (second,) = first.other
    assert isinstance(second, If)
    assert called(second.then) == ["two", "three"]
    (third,) = second.other
    assert isinstance(third, If)
    assert third.test == Operation("==", (kind, Constant("d")))
    assert called(third.then) == ["four"]
    assert called(third.other) == ["three"], "default comes last, wherever it is written"


def test_a_break_of_a_switch_is_none_of_the_loop_around_it() -> None:
    (loop,) = body("while (a) { switch (b) { case 1: if (c) break; f(); } g(); }")
    assert isinstance(loop, Loop)
    chosen, after = loop.body
    assert called((after,)) == ["g"]
    assert isinstance(chosen, If)
    (inner,) = chosen.then
    assert isinstance(inner, If)
    assert (inner.then, called(inner.other)) == ((), ["f"])


def test_what_a_switch_looks_at_is_called_once() -> None:
    first, second = body("switch (await f()) { case 1: a(); break; case 2: b(); }")
    assert isinstance(first, Let) and isinstance(second, If)
    assert second.test == Operation("==", (first.target, Constant(1)))


def test_a_switch_on_true_tests_its_cases() -> None:
    (first,) = body("switch (true) { case x > 1: a(); }")
    assert isinstance(first, If)
    assert first.test == Operation(">", (Name("x"), Constant(1)))


@pytest.mark.parametrize("path", ["a.js", "a.ts"])
def test_using_holds_for_the_rest_of_its_block(path: str) -> None:
    (function,) = lower(path, b"async function f() { await using c = open(); c.x(); }").functions[
        1:
    ]
    (held,) = function.body
    assert isinstance(held, With)
    assert held.is_async
    assert held.items[0].target == Name("c")
    assert len(held.body) == 1


def test_generators() -> None:
    (function,) = lower("a.js", b"function* f() { yield a(); const b = yield c(); }").functions[1:]
    assert function.is_generator
    first, second = function.body
    assert isinstance(first, Return) and first.is_yield
    assert isinstance(second, Let) and isinstance(second.value, Await)


def test_enums_and_namespaces_are_objects() -> None:
    enum, inner, namespace = body(
        "enum Kind { A, B = 5, C, D = 'd' } namespace N { export const a = 1 }"
    )
    assert isinstance(enum, Let) and isinstance(enum.value, Mapping)
    assert [one.value for one in enum.value.pairs] == [
        Constant(0), Constant(5), Constant(6), Constant("d"),
    ]  # fmt: skip
    assert isinstance(inner, Let)
    assert isinstance(namespace, Let)
    assert namespace.value == Mapping((Pair(Constant("a"), Name("a")),))


def test_declarations_without_code_are_nothing() -> None:
    text = "declare const x: number; declare module 'm' { const y: 1 } interface I {} type T = I"
    assert body(text) == ()


def test_jsx_keeps_its_expressions() -> None:
    module = lower("a.jsx", b"const a = <B on={() => go()} {...rest}>{list(c)}</B>")
    assert len(module.functions) == 2
    (statement,) = module.functions[0].body
    assert isinstance(statement, Let)
    assert "list" in str(statement.value) and "rest" in str(statement.value)


def test_comments_that_speak_to_redhanded() -> None:
    module = lower(
        "a.ts",
        b"// redhanded-ignore-next-line create: one worker\nf();\n"
        b"/* redhanded-ignore: seen */\n// other\n",
    )
    assert [(one.line, one.text) for one in module.notes] == [
        (1, "redhanded-ignore-next-line create: one worker"),
        (3, "redhanded-ignore: seen"),
    ]


def test_flow_annotations_in_javascript() -> None:
    module = lower("a.js", b"// @flow\nfunction f(a: string): Promise<void> {}\n")
    assert module.damaged_at == 0
    assert module.functions[1].parameters[0].annotation == Name("string")


def test_a_lowered_file_can_be_written_down() -> None:
    module = lower("a.ts", b"export class A { b = [1.5, null, true, 'x', `y${z}`] }\nf(...g)")
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(module), type=Module) == module
