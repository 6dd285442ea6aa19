"""What expressions stand for."""

from __future__ import annotations

from pathlib import Path

import pytest
from trees import write_tree

from redhanded.source.evaluate import Evaluator
from redhanded.source.program import Program
from redhanded.source.values import Class, External, Function, Values


def value_of(tmp_path: Path, files: dict[str, str]) -> Values:
    """What the first argument of ``probe(…)`` in src/main.* stands for."""
    program = Program(write_tree(tmp_path, files), ("src",))
    evaluator = Evaluator(program)
    (path,) = [one for one in program.paths if one.startswith("src/main.")]
    module = program.module(path)
    assert module is not None
    for info in module.functions.values():
        for call, scope in info.calls:
            if (call.text or b"").startswith(b"probe("):
                return evaluator.arguments(call, scope, None)[0]
    raise AssertionError("no probe")


def named(values: Values) -> set[str | None]:
    return {one.function.name for one in values if isinstance(one, Function)}


@pytest.mark.parametrize(
    ("main", "lib"),
    [
        ("const { go } = require('./lib'); probe(go);", "module.exports = { go() {} };"),
        ("const lib = require('./lib'); probe(lib.go);", "exports.go = function go() {};"),
        ("probe(require('./lib').go);", "function go() {} module.exports.go = go;"),
        ("const { a: { go } } = require('./lib'); probe(go);", "exports.a = { go: () => 1 };"),
        ("probe(require('./lib')().go);", "module.exports = () => { return { go() {} }; };"),
        ("probe(require('./lib').go);", "class T { go() {} } module.exports = new T();"),
        ("probe(require('./lib').go);", "class T { static go() {} } module.exports = T;"),
        (
            "probe(new (require('./lib'))().go);",
            "class A { go() {} } module.exports = class B extends A {};",
        ),
        ("probe(require('./lib').go);", "const go = () => 1; module.exports = { ...{ go } };"),
        (
            "probe(require('./lib').go);",
            "function T() {} T.prototype.go = function go() {}; module.exports = new T();",
        ),
        ("probe(require('./lib').go.bind(null));", "exports.go = function go() {};"),
        (
            "probe(require('./lib').t.go);",
            "class T { constructor() { this.go = function go() {}; } } exports.t = new T();",
        ),
        ("let f; f = require('./lib').go; probe(f);", "exports.go = function go() {};"),
        ("import { go } from './lib'; probe(go);", "export const go = async () => {};"),
        ("import go from './lib'; probe(go);", "export default function go() {}"),
        ("import * as l from './lib'; probe(l.go);", "function go() {} export { go };"),
        ("import { went } from './lib'; probe(went);", "function go() {} export { go as went };"),
        ("import lib from './lib'; probe(lib.go);", "module.exports = { go() {} };"),
    ],
)
def test_functions_are_found_through_modules(tmp_path: Path, main: str, lib: str) -> None:
    assert named(value_of(tmp_path, {"src/main.js": main, "src/lib.js": lib})) == {"go"}


def test_reexports_and_folders_are_followed(tmp_path: Path) -> None:
    files = {
        "src/main.ts": "import { go } from './all'; probe(go);",
        "src/all/index.ts": "export * from './one.js';",
        "src/all/one.ts": "export function go(): void {}",
    }
    assert named(value_of(tmp_path, files)) == {"go"}


def test_workspace_packages_are_part_of_the_program(tmp_path: Path) -> None:
    files = {
        "package.json": '{ "workspaces": ["src/packages/*"] }',
        "src/packages/core/package.json": '{ "name": "@acme/core" }',
        "src/packages/core/src/index.js": "exports.go = () => 1;",
        "src/main.js": "probe(require('@acme/core').go);",
    }
    assert named(value_of(tmp_path, files)) == {"go"}


def test_a_table_of_functions_with_a_computed_key_may_be_any_of_them(tmp_path: Path) -> None:
    main = "const t = { a() {}, b: () => 1 }; probe(t[key]);"
    assert named(value_of(tmp_path, {"src/main.js": main})) == {"a", "b"}


def test_a_parameter_without_a_known_call_is_unknown(tmp_path: Path) -> None:
    assert value_of(tmp_path, {"src/main.js": "function f(x) { probe(x.y); }"}) == ()


def test_a_typed_parameter_is_an_instance_of_its_class(tmp_path: Path) -> None:
    main = "class Desk { go() {} } function f(desk: Desk) { probe(desk.go); }"
    assert named(value_of(tmp_path, {"src/main.ts": main})) == {"go"}


def test_a_library_keeps_its_name(tmp_path: Path) -> None:
    main = "import { a as b } from 'node:lib'; probe(b.c);"
    expected = (External(module="lib", members=("a", "c")),)
    assert value_of(tmp_path, {"src/main.js": main}) == expected


def test_an_inner_name_hides_an_outer_one(tmp_path: Path) -> None:
    main = "const x = require('lib'); { class x {} probe(x); }"
    (one,) = value_of(tmp_path, {"src/main.js": main})
    assert isinstance(one, Class)
