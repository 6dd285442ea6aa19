"""NestJS: controllers, queue processors, schedules, message patterns, resolvers.

References: docs.nestjs.com, Controllers, Queues, Task scheduling, Microservices, Events, GraphQL.
Guards, pipes and interceptors are not followed. What a parameter is given is said by its decorator.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from redhanded.case.evidence import Location
from redhanded.source.flow.effects import Effect
from redhanded.source.flow.events import Entry, EntryKind
from redhanded.source.flow.framework import CallSite, FoundEntry, Meaning, Surroundings
from redhanded.source.flow.frameworks.express import RESPONSE
from redhanded.source.flow.frameworks.reading import (
    JOB,
    argument,
    called_back,
    elements,
    members,
    pattern,
    text,
    words,
)
from redhanded.source.flow.frameworks.table import LibraryTable
from redhanded.source.flow.module import Class, Function, Module, Parameter
from redhanded.source.flow.mounting import join_path
from redhanded.source.flow.values import (
    Input,
    Kind,
    Known,
    Library,
    Made,
    Procedure,
    Unknown,
    Value,
)

PACKAGES = (
    "@nestjs/common",
    "@nestjs/core",
    "@nestjs/schedule",
    "@nestjs/bull",
    "@nestjs/bullmq",
    "@nestjs/microservices",
    "@nestjs/event-emitter",
    "@nestjs/graphql",
    "@nestjs/websockets",
    "eventemitter2",
)
METHODS = words("Get Post Put Patch Delete All Head Options")
PARTS: Mapping[str, str] = {
    "Body": "body",
    "Param": "params",
    "Query": "query",
    "Headers": "headers",
    "Ip": "ip",
    "UploadedFile": "file",
    "UploadedFiles": "files",
    "Session": "session",
    "RawBody": "rawBody",
    "Args": "args",
    "HostParam": "hosts",
}
MESSAGES: Mapping[str, EntryKind] = {
    "EventPattern": "subscription",
    "MessagePattern": "subscription",
    "OnEvent": "subscription",
    "SubscribeMessage": "subscription",
    "GrpcMethod": "route",
    "Query": "route",
    "Mutation": "route",
    "ResolveField": "route",
}
SCHEDULES = frozenset(["Cron", "Interval", "Timeout"])


def _entries(around: Surroundings) -> Iterable[FoundEntry]:
    for module in around.modules():
        if any(one.specifier.startswith("@nestjs/") for one in module.imports):
            for index, of in enumerate(module.classes):
                yield from _of_class(module, index, of, around)


def _of_class(module: Module, index: int, of: Class, around: Surroundings) -> Iterator[FoundEntry]:
    own = dict(_nest(around.decorators(Kind(module.path, index, of.name))))
    for number in of.methods:
        procedure = Procedure(module.path, number)
        function = module.functions[number]
        place = Location(path=module.path, line=function.line, function=function.name or None)
        found = list(_nest(around.decorators(procedure)))
        for name, given in found:
            if "Controller" in own and name in METHODS:
                for path in _paths(own["Controller"], given):
                    yield _entry(
                        "route", f"{_verb(name)} {path}", place, procedure, function, around
                    )
            elif name in SCHEDULES:
                said = pattern(given[0]) if given else None
                entry = _entry(
                    "schedule", f"{name.lower()} {said or '*'}", place, procedure, function, around
                )
                yield entry
            elif name in MESSAGES and (name not in ("Query", "Mutation") or "Resolver" in own):
                yield _message(name, given, place, procedure, function, around)
        if "Processor" in own:
            yield from _jobs(own["Processor"], found, procedure, function, place, module, of)


def _verb(name: str) -> str:
    return {"All": "ANY"}.get(name, name.upper())


def _nest(decorators: Iterable[Value]) -> Iterator[tuple[str, tuple[Value, ...]]]:
    """Name and arguments of those that come from Nest."""
    for one in decorators:
        if isinstance(one, Library) and one.package.startswith("@nestjs/") and one.steps:
            last = one.steps[-1]
            if isinstance(last, Made):
                yield one.names[-2], last.arguments
            else:
                yield last, ()


def _paths(prefix: tuple[Value, ...], given: tuple[Value, ...]) -> Iterator[str]:
    first = prefix[0] if prefix else Known("")
    first = members(first).get("path", first) if not elements(first) else first
    for start in elements(first) or (first,):
        for end in elements(given[0]) if given and elements(given[0]) else (given or (Known(""),)):
            yield join_path(pattern(start) or "", pattern(end) or "")


def _entry(
    kind: EntryKind,
    name: str,
    place: Location,
    procedure: Procedure,
    function: Function,
    around: Surroundings,
) -> FoundEntry:
    source = "request" if kind == "route" else "job"
    return FoundEntry(
        entry=Entry(kind=kind, name=name, location=place, library="@nestjs/common"),
        functions=(procedure,),
        arguments=tuple(_argument(one, source, procedure, around) for one in function.parameters),
    )


def _argument(
    parameter: Parameter, source: str, procedure: Procedure, around: Surroundings
) -> Value:
    """``@Body('seat') seat`` is ``Input("request", ("body", "seat"))``."""
    for expression in parameter.decorators:
        value = around.evaluate(expression, procedure.path)
        for name, given in _nest((value,)):
            if name in ("Res", "Response"):
                return RESPONSE
            if name in PARTS:
                part = text(given[0]) if given else None
                return Input("request", (PARTS[name], part) if part else (PARTS[name],))
            if name == "Payload":
                return Input(source, ("data",))
    return Input(source)


def _message(
    name: str,
    given: tuple[Value, ...],
    place: Location,
    procedure: Procedure,
    function: Function,
    around: Surroundings,
) -> FoundEntry:
    kind = MESSAGES[name]
    said = pattern(given[0]) if given else None
    if said is None:
        said = next(filter(None, map(pattern, members(given[0]).values())), None) if given else None
    said = said or function.name
    found = _entry(kind, f"{name} {said}", place, procedure, function, around)
    entry = Entry(
        kind=kind,
        name=f"{name} {said}",
        location=place,
        library="@nestjs/microservices" if "Pattern" in name else "@nestjs/common",
        queue=said if "Pattern" in name else None,
    )
    arguments = found.arguments
    if kind == "subscription" and arguments:
        arguments = (Input("job", ("data",)), *arguments[1:])
    return FoundEntry(entry=entry, functions=found.functions, arguments=arguments)


def _jobs(
    queue: tuple[Value, ...],
    found: list[tuple[str, tuple[Value, ...]]],
    procedure: Procedure,
    function: Function,
    place: Location,
    module: Module,
    of: Class,
) -> Iterator[FoundEntry]:
    """``@Process('job')`` of Bull; the ``process`` of a ``WorkerHost`` of BullMQ."""
    first = queue[0] if queue else Unknown()
    name = pattern(first) or pattern(members(first).get("name"))
    options = dict(members(queue[1])) if len(queue) > 1 else dict(members(first))
    library = "bullmq" if any(x.specifier == "@nestjs/bullmq" for x in module.imports) else "bull"
    for decorator, given in found:
        if decorator == "Process":
            said = given[0] if given else None
            job = pattern(said) or pattern(members(said).get("name"))
            options.update(members(said))
            yield _job(library, name, job, procedure, place, options)
    if library == "bullmq" and function.name == "process":
        yield _job(library, name, None, procedure, place, options)


def _job(
    library: str,
    queue: str | None,
    job: str | None,
    procedure: Procedure,
    place: Location,
    options: dict[str, Value],
) -> FoundEntry:
    options.setdefault("concurrency", Known(1))
    entry = Entry(
        kind="job",
        name=f"{queue or '*'}:{job or '*'}",
        location=place,
        library=library,
        queue=queue,
        job=job,
        options=options,
    )
    return FoundEntry(entry=entry, functions=(procedure,), arguments=(JOB,))


def _call(site: CallSite, around: Surroundings) -> Meaning | None:
    """Messages that are emitted: to other processes, or to this one."""
    names = site.callee.names
    if site.is_new or len(names) < 2:
        return None
    first, last = names[0], names[-1]
    is_client = first.startswith("Client") or "Client" in names
    if is_client and last in ("emit", "send"):
        subject = pattern(argument(site, 0)) or _written(argument(site, 0))
        return _published(site, subject, "queue")
    if first in ("EventEmitter2", "EventEmitter") and last in ("emit", "emitAsync"):
        return _published(site, pattern(argument(site, 0)), "process")
    return None


def _written(value: Value | None) -> str | None:
    return next(filter(None, map(pattern, members(value).values())), None)


def _published(site: CallSite, subject: str | None, store: str) -> Meaning:
    effect = Effect(
        kind="publish",
        store="process" if store == "process" else "queue",
        library=site.callee.package,
        verb=site.callee.names[-1],
        subject=subject,
        values=dict(members(argument(site, 1))),
    )
    return Meaning(effects=(effect,), callbacks=called_back(site))


FRAMEWORK = LibraryTable(name="nestjs", packages=PACKAGES, calls=_call, declares=_entries)
