"""Whatever stands in a file, a walk ends, raises nothing and has no fault of its own to tell."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from shelf import program_of
from test_walk import LENDING, TRANSACTIONS

from redhanded.source.flow.walk import walk

TEXTS = {
    f"{spelling} {name}": (name, text)
    for spelling, files in {**LENDING, **TRANSACTIONS}.items()
    for name, text in files.items()
}
ODD = {
    "cycles.js": """
        const a = {}; a.a = a; const b = { a, b: [a, a] }; a.b = b;
        class Node { constructor(parent) { this.parent = parent; this.children = [this, parent]; } }
        const root = new Node(); root.parent = root;
        require('shelf').on('x', function f(req) {
          for (const k in a) { a[k] = { ...a, ...b, [k]: f }; a[k].x = a; }
          return f.call(a, ...[f, a, root], f.bind(root)(), root.parent.parent.children[0].parent);
        });
        """,
    "bases.ts": """
        import { table } from 'shelf';
        class A extends B {} class B extends A { get x() { return this.x; } y = this.y; }
        export class C extends (class extends mixin(C) {}) {
          constructor(private c: C, @Inject(C) d?: D<C>) { super(); } z = new C(this.z);
        }
        new C(new C()).z.z.z(); export default new A().x;
        """,
    "circle_a.js": "const b = require('./circle_b'); module.exports = { ...b, f: () => b.g() };\n",
    "circle_b.js": """
        const a = require('./circle_a');
        module.exports = { ...a, g: () => a.f(), h: a.f && a.f() };
        require('shelf').on('y', () => { a.f(); module.exports.g(); });
        """,
    "self.py": """
        from self import *
        from self import x as y, y as x
        import shelf, self
        def d(f): return d(f)
        @d
        @d(d)
        def g(a, *b, c=g, **e): yield from g(*b, **e); return (yield)
        class M(type, metaclass=M):
            def __enter__(s): return s.__enter__()
            def __call__(s, *a): return s(*a)
            @property
            def p(self): return self.p
        with M() as m, m as n: m(n).p.p; m += n; del m[n]; n[m:n, ...] = m
        @shelf.route("z")
        async def z(q: "z", r: M = M().p, *, s: Undefined[z] = z):
            async for a, (b, *c) in q: await (lambda: z)(); [x for x in [y for y in x] if (x := y)]
            try: return await z(*a, **b)
            except (*q, M) as e: raise e from z
            finally: global q, m; q, m = m, q; return z
        """,
}


@pytest.mark.parametrize("name", list(ODD))
def test_odd_programs(tmp_path: Path, name: str) -> None:
    files = {one: text for one, text in ODD.items() if one.split("_")[0] == name.split("_")[0]}
    assert faults(tmp_path, files) == []


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.sampled_from(sorted(TEXTS)),
    st.lists(st.tuples(st.integers(0, 900), st.integers(0, 60)), min_size=1, max_size=3),
    st.text(alphabet="(){}[]=.,:;'\"`\n asyncdefclasreturnawithfox1*@#$%&!?<>/\\", max_size=25),
)
def test_files_that_were_cut(
    tmp_path: Path, key: str, cuts: list[tuple[int, int]], put: str
) -> None:
    name, text = TEXTS[key]
    for start, length in cuts:
        text = text[:start] + put + text[start + length :]
    assert faults(tmp_path, {f"cut{Path(name).suffix}": text}) == []


def faults(root: Path, files: dict[str, str]) -> list[str]:
    program = program_of(root, files)
    paths = walk(program)
    limits = [*program.limits, *(limit for one in paths for limit in one.limits)]
    return [one for one in limits if "a fault of redhanded" in one]
