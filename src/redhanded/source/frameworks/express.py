"""Express: routes, routers mounted through files, middleware, signature checks of webhooks.

Reference: https://expressjs.com/en/4x/api.html (app.METHOD, app.use, app.route, express.Router).
"""

from __future__ import annotations

import re

from tree_sitter import Node

from redhanded.case.codemap import Route
from redhanded.case.evidence import Location
from redhanded.source.callgraph import CallGraph, Closure, Site, name_of
from redhanded.source.frameworks.facts import Facts, Framework, RouteFact
from redhanded.source.syntax import arguments_of, flat, line_of, text_of
from redhanded.source.values import External, Function, Made, Member, Value

VERBS = frozenset(("get", "post", "put", "patch", "delete", "head", "options", "all"))

SIGNATURE = re.compile(
    r"createHmac|timingSafeEqual|constructEvent|verifyWebhook|['\"`][\w-]*-signature[\w-]*['\"`]",
    re.IGNORECASE,
)
"""What a check of a webhook's signature is written with."""

_SIGNATURE_DEPTH = 4

_Mounts = dict[Value, list[tuple[Value, str]]]


def read(graph: CallGraph, sites: tuple[Site, ...], facts: Facts) -> None:
    """Adds the routes."""
    mounts: _Mounts = {}
    for site in sites:
        for callee in site.callee:
            if isinstance(callee, Member) and callee.name == "use":
                _mount(graph, site, callee, mounts)
    for site in sites:
        for callee in site.callee:
            if isinstance(callee, Member) and callee.name in VERBS:
                facts.routes += _routes(graph, site, callee, mounts)


FRAMEWORK = Framework(name="express", read=read, libraries=("express",))


def _owner(value: Value) -> Value | None:
    """The application or router behind a chain of calls on it."""
    while isinstance(value, Made):
        callee = value.callee
        if isinstance(callee, External):
            is_ours = callee.module == "express" and callee.members in ((), ("Router",))
            return value if is_ours else None
        if not isinstance(callee, Member) or callee.name not in (*VERBS, "use", "route"):
            return None
        value = callee.base
    return None


def _mount(graph: CallGraph, site: Site, callee: Member, mounts: _Mounts) -> None:
    owner = _owner(callee.base)
    if owner is None:
        return
    prefixes = [""]
    for position, node in enumerate(arguments_of(site.call)):
        values = graph.evaluator.value(node, site.scope, site.closure.frame)
        if position == 0:
            found = graph.evaluator.texts(node, site.scope, site.closure.frame)
            if found:
                prefixes = found
                continue
        for one in values:
            router = _owner(one)
            if router is not None and router != owner:
                known = mounts.setdefault(router, [])
                known += [(owner, p) for p in prefixes if (owner, p) not in known]


def _prefixes(owner: Value, mounts: _Mounts, above: tuple[Value, ...] = ()) -> list[str]:
    if owner in above or owner not in mounts:
        return [""]
    return [
        _joined(outer, prefix)
        for parent, prefix in mounts[owner]
        for outer in _prefixes(parent, mounts, (*above, owner))
    ]


def _joined(prefix: str, path: str) -> str:
    both = prefix.rstrip("/") + ("/" + path.lstrip("/") if path.strip("/") else "")
    return both or "/"


def _routes(graph: CallGraph, site: Site, callee: Member, mounts: _Mounts) -> list[RouteFact]:
    owner = _owner(callee.base)
    given = arguments_of(site.call)
    if owner is None or not given:
        return []
    paths, rest = _paths(graph, site, callee, given)
    steps = [(node, _functions(graph, site, callee, node)) for node in rest]
    steps = [(node, found) for node, found in steps if found]
    if not paths or not rest:
        return []
    handlers = [closure for _, closure in steps[-1][1]] if steps else []
    middleware = [closure for _, found in steps[:-1] for _, closure in found]
    method = callee.name.upper()
    checked = method != "GET" and _checks_signature(graph, [*middleware, *handlers])
    return [
        RouteFact(
            route=Route(
                method=method,
                path=_joined(prefix, path),
                location=site.location,
                handler=_definition(graph, site, steps[-1][0], steps[-1][1]) if steps else None,
                webhook=checked,
            ),
            site=site,
            handlers=tuple(handlers),
            middleware=tuple(middleware),
        )
        for prefix in dict.fromkeys(_prefixes(owner, mounts))
        for path in paths
    ]


def _paths(
    graph: CallGraph, site: Site, callee: Member, given: list[Node]
) -> tuple[list[str], list[Node]]:
    """The paths a route answers to, and the arguments after them."""
    value: Value = callee.base
    while isinstance(value, Made) and isinstance(value.callee, Member):
        if value.callee.name == "route":
            written = arguments_of(value.call)[:1]
            found = [t for n in written for t in graph.evaluator.texts(n, value.scope, value.frame)]
            return found or ["?"], given
        value = value.callee.base
    if len(given) < 2:
        return [], []
    first = given[0]
    if first.type == "regex":
        return [text_of(first)], given[1:]
    return graph.evaluator.texts(first, site.scope, site.closure.frame) or ["?"], given[1:]


def _functions(
    graph: CallGraph, site: Site, callee: Member, node: Node
) -> list[tuple[Function, Closure]]:
    values = graph.evaluator.value(node, site.scope, site.closure.frame)
    found = graph.functions_in(values)
    return [(function, graph.given(wrapper or callee, function)) for wrapper, function in found]


def _definition(
    graph: CallGraph, site: Site, node: Node, found: list[tuple[Function, Closure]]
) -> Location:
    """Where the handler is defined; a function that is given to a wrapper is meant, not the
    wrapper."""
    if node.type == "call_expression":
        for argument in arguments_of(node):
            for one in graph.evaluator.value(argument, site.scope, site.closure.frame):
                if isinstance(one, Function):
                    return _location(one)
    return _location(found[-1][0])


def _location(function: Function) -> Location:
    info = function.function
    return Location(path=info.module.path, line=line_of(info.node), function=name_of(info))


def _checks_signature(graph: CallGraph, closures: list[Closure]) -> bool:
    return any(
        SIGNATURE.search(flat(one.function.node)) for one in graph.reach(closures, _SIGNATURE_DEPTH)
    )
