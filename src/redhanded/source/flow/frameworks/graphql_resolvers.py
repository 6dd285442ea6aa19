"""GraphQL servers: resolvers as entries.

``resolvers`` is an object of types, each with functions by field, or a list of such. References:
apollographql.com/docs/apollo-server/data/resolvers; the-guild.dev, graphql-tools and GraphQL Yoga.
A resolver is called with its parent, the arguments, and the context that the server makes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from redhanded.source.flow.events import Entry
from redhanded.source.flow.form import Return
from redhanded.source.flow.framework import CallSite, FoundEntry, Meaning, Surroundings
from redhanded.source.flow.frameworks.reading import elements, members
from redhanded.source.flow.frameworks.table import LibraryTable
from redhanded.source.flow.module import Function
from redhanded.source.flow.values import (
    Either,
    Input,
    Library,
    Made,
    Procedure,
    Record,
    Unknown,
    Value,
)

PACKAGES = (
    "@apollo/server",
    "apollo-server",
    "apollo-server-express",
    "apollo-server-koa",
    "apollo-server-fastify",
    "apollo-server-hapi",
    "apollo-server-lambda",
    "apollo-server-micro",
    "@apollo/subgraph",
    "@apollo/federation",
    "@graphql-tools/schema",
    "graphql-tools",
    "graphql-yoga",
    "@graphql-yoga/node",
)
SERVERS = frozenset(("ApolloServer", "GraphQLServer", "createYoga", "createServer"))
SCHEMAS = frozenset(
    ("makeExecutableSchema", "createSchema", "buildSubgraphSchema", "buildFederatedSchema")
)
DEPTH_MAX = 6
INPUT = Input("request", ("args",))


def _registered(site: CallSite, around: Surroundings) -> Iterable[FoundEntry]:
    name = next((one for one in reversed(site.callee.names) if one != "()"), "")
    if name not in SERVERS and name not in SCHEMAS:
        return
    for given in site.arguments:
        for one in elements(given) or (given,):
            options = members(one)
            context = made_by(options.get("context"), around)
            for found in resolvers(options.get("resolvers"), context):
                yield _entry(site, found, around)


def resolvers(value: Value | None, context: Value) -> Iterator[tuple[str, Procedure, Value]]:
    """Type and field, function, and context of all resolvers in a value."""
    for parts in _maps(value, DEPTH_MAX):
        for type_name, fields in parts.items():
            for field, one in members(fields).items():
                function = one
                if isinstance(one, Record):
                    function = members(one).get("resolve", members(one).get("subscribe", one))
                if isinstance(function, Library):
                    function = _wrapped(function) or function
                if isinstance(function, Procedure):
                    yield f"{type_name} {field}", function, context


def _wrapped(value: Library) -> Procedure | None:
    """``combineResolvers(isAdmin, fn)``: the last function."""
    last = value.steps[-1] if value.steps else None
    inside = last.arguments if isinstance(last, Made) else ()
    return next((one for one in reversed(inside) if isinstance(one, Procedure)), None)


def _maps(value: Value | None, depth: int) -> Iterator[Mapping[str, Value]]:
    """Objects of types; also those that a library merges (``mergeResolvers([a, b])``)."""
    if depth == 0 or value is None:
        return
    if isinstance(value, Record):
        inside = elements(value)
        if inside:
            for one in inside:
                yield from _maps(one, depth - 1)
        else:
            yield value.parts
    elif isinstance(value, Either):
        for one in value.values:
            yield from _maps(one, depth - 1)
    elif isinstance(value, Library) and value.steps and isinstance(value.steps[-1], Made):
        for one in value.steps[-1].arguments:
            yield from _maps(one, depth - 1)


def made_by(context: Value | None, around: Surroundings) -> Value:
    """What every resolver is given: an object, or what a function returns where it is written."""
    if isinstance(context, Record):
        return context
    if isinstance(context, Procedure):
        function: Function = around.function_of(context)
        for one in function.body:
            if isinstance(one, Return) and one.value is not None:
                found = around.evaluate(one.value, context.path, context.function)
                if isinstance(found, Record):
                    return Record(dict(found.parts), found.of, is_complete=False)
    return Unknown("context")


def _entry(site: CallSite, found: tuple[str, Procedure, Value], around: Surroundings) -> FoundEntry:
    name, function, context = found
    form = around.function_of(function)
    place = site.location.__class__(path=function.path, line=form.line, function=form.name or None)
    return FoundEntry(
        entry=Entry(kind="route", name=name, location=place, library=site.callee.package),
        functions=(function,),
        arguments=(Unknown("parent"), INPUT, context),
    )


def _call(site: CallSite, around: Surroundings) -> Meaning | None:
    return None


FRAMEWORK = LibraryTable(
    name="graphql_resolvers", packages=PACKAGES, calls=_call, registers=_registered
)
