"""Celery: tasks, what puts them on the queue, and when they are run again.

Reference: https://docs.celeryq.dev/en/stable/userguide/ (tasks, calling, canvas, periodic tasks).
A task is found by its name, whatever queue it is sent through, so all are on the queue ``celery``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from redhanded.case.evidence import Location
from redhanded.source.flow.effects import Effect
from redhanded.source.flow.events import Entry
from redhanded.source.flow.form import Name
from redhanded.source.flow.framework import (
    Callback,
    CallSite,
    FoundEntry,
    Meaning,
    Surroundings,
)
from redhanded.source.flow.frameworks import celery_settings
from redhanded.source.flow.frameworks.celery_bases import (
    CANVAS,
    DECORATORS,
    calls,
    waits_for_commit,
)
from redhanded.source.flow.frameworks.chain import (
    Link,
    arguments_of,
    before,
    classes,
    constant_field,
    given,
    inherits,
    links,
    method_of,
    procedure_of,
)
from redhanded.source.flow.frameworks.reading import elements, is_true, members, text
from redhanded.source.flow.frameworks.table import LibraryTable
from redhanded.source.flow.module import Function
from redhanded.source.flow.values import (
    Kind,
    Known,
    Library,
    Made,
    Procedure,
    Record,
    Value,
)

QUEUE = "celery"
ENQUEUES = frozenset({"delay", "apply_async", "delay_on_commit", "apply_async_on_commit"})
SIGNATURES = frozenset({"s", "si", "signature", "subtask"})
COMMITTED = "_when_committed"
"""Of a task whose own class waits for the commit, put behind the method when that has come."""
RETRY_OPTIONS = (
    "acks_late",
    "autoretry_for",
    "max_retries",
    "retry_backoff",
    "retry_kwargs",
    "reject_on_worker_lost",
    "rate_limit",
    "time_limit",
    "soft_time_limit",
    "bind",
    "queue",
    "once",
)
DEFAULT_RETRIES = 3


def _decorator(value: Library) -> tuple[bool, Made | None]:
    """Whether a decorator makes a task, and what it was given."""
    for one in links(value):
        if one.name in DECORATORS:
            return True, one.made
    return False, None


def _call(site: CallSite, around: Surroundings) -> Meaning | None:
    chain = links(site.callee)
    last = chain[-1]
    if last.made is not None:
        return None
    if last.name.removesuffix(COMMITTED) in ENQUEUES:
        return _enqueue(site, chain, around)
    if last.name == "send_task":
        name = text(given(site, 0, "name"))
        taken = elements(given(site, 1, "args")), members(given(site, 2, "kwargs"))
        return Meaning(effects=(_job("send_task", name, taken, site.keywords),))
    task = procedure_of(site.callee.through)
    if task is not None and last.name in DECORATORS:
        # The task is called as the function that it is.
        return Meaning(
            callbacks=(
                Callback(
                    function=task, arguments=site.arguments, keywords=site.keywords, gives=True
                ),
            )
        )
    if task is not None and last.name in ("apply", "run", "__wrapped__"):
        if last.name == "apply":
            taken = elements(given(site, 0, "args")), members(given(site, 1, "kwargs"))
        else:
            taken = site.arguments, site.keywords
        return Meaning(callbacks=(Callback(function=task, arguments=taken[0], keywords=taken[1]),))
    return None


def _enqueue(site: CallSite, chain: tuple[Link, ...], around: Surroundings) -> Meaning | None:
    verb, on = chain[-1].name, before(site.callee, 1)
    is_late = verb.endswith("_on_commit")
    if is_late or (not verb.endswith(COMMITTED) and waits_for_commit(on, around)):
        then = verb.removesuffix("_on_commit") if is_late else f"{verb}{COMMITTED}"
        steps = (*site.callee.steps[:-1], then)
        inner = Library(site.callee.package, steps, site.callee.through)
        later = Callback(
            function=inner,
            arguments=site.arguments,
            keywords=site.keywords,
            after_commit=True,
        )
        return Meaning(callbacks=(later,), result=on)
    verb = verb.removesuffix(COMMITTED)
    if verb == "delay":
        taken: tuple[tuple[Value, ...], Mapping[str, Value]] = (site.arguments, site.keywords)
        options: Mapping[str, Value] = {}
    else:
        taken = elements(given(site, 0, "args")), members(given(site, 1, "kwargs"))
        options = {k: v for k, v in site.keywords.items() if k not in ("args", "kwargs")}
    tasks = _signatures(on, around)
    if not tasks:
        return None
    effects = []
    for name, signed, said in tasks:
        merged = ((*signed[0], *taken[0]), {**signed[1], **taken[1]})
        effects.append(_job(verb, name, merged, {**said, **options}))
    return Meaning(effects=tuple(effects))


Given = tuple[tuple[Value, ...], Mapping[str, Value]]


def _signatures(
    value: Value, around: Surroundings, depth: int = 6
) -> list[tuple[str | None, Given, Mapping[str, Value]]]:
    """The tasks that a task, a signature or a canvas stands for: name, arguments, options."""
    found: list[tuple[str | None, Given, Mapping[str, Value]]] = []
    if isinstance(value, Record):
        for part in elements(value):
            found += _signatures(part, around, depth - 1)
    if not isinstance(value, Library) or depth == 0:
        return found
    chain = links(value)
    canvas = next((one for one in chain if one.name in CANVAS and one.made is not None), None)
    if canvas is not None and canvas.made is not None:
        for part in canvas.made.arguments:
            found += _signatures(part, around, depth - 1)
        return found
    name = task_name(value, around)
    signed = next((one for one in chain if one.name in SIGNATURES), None)
    arguments: Given = ((), {})
    said: Mapping[str, Value] = {}
    if signed is not None and signed.made is not None:
        arguments = (signed.made.arguments, signed.made.keywords)
        if signed.name in ("signature", "subtask"):
            if procedure_of(value) is None:
                name = text(given(signed.made, 0, "varies"))
            arguments = (
                elements(given(signed.made, 0 if name is None else 1, "args")),
                members(given(signed.made, -1, "kwargs")),
            )
    for one in chain:
        if one.name == "set" and one.made is not None:
            said = {**said, **one.made.keywords}
    if name is None and signed is None and procedure_of(value) is None:
        return found
    return [*found, (name, arguments, said)]


def task_name(value: Library, around: Surroundings) -> str | None:
    """The name of the task behind what a decorated function or a task's instance gives."""
    task = procedure_of(value)
    if task is not None:
        _, made = _decorator(value)
        return text(given(made, -1, "name")) or _default_name(task, around)
    of = value.through
    kind = of if isinstance(of, Kind) else getattr(of, "of", None)
    if isinstance(kind, Kind):
        said = text(constant_field(kind, "name", around))
        return said or f"{_dotted(kind.path, around)}.{kind.name}"
    return None


def _default_name(task: Procedure, around: Surroundings) -> str:
    return f"{_dotted(task.path, around)}.{around.function_of(task).name}"


def _dotted(path: str, around: Surroundings) -> str:
    """A file's name as it is imported: from the outermost folder that is a package."""
    parts = path.removesuffix(".py").split("/")
    first = len(parts) - 1
    while first > 0 and around.module("/".join([*parts[:first], "__init__.py"])) is not None:
        first -= 1
    return ".".join(parts[first:])


def _job(verb: str, name: str | None, taken: Given, options: Mapping[str, Value]) -> Effect:
    data = {str(place): one for place, one in enumerate(taken[0])}
    return Effect(
        kind="enqueue",
        store="queue",
        library="celery",
        verb=verb,
        subject=QUEUE,
        job=name,
        values={**data, **taken[1]},
        options=options,
    )


def _entries(around: Surroundings) -> Iterable[FoundEntry]:
    tasks: dict[str, FoundEntry] = {}
    settings = celery_settings.read(around)
    for module in around.modules():
        if module.language != "python":
            continue
        for index, function in enumerate(module.functions):
            if not function.decorators:
                continue
            task = Procedure(module.path, index)
            for value in around.decorators(task):
                if not isinstance(value, Library) or value.package != "celery":
                    continue
                is_task, made = _decorator(value)
                if is_task:
                    found = _task(task, function, made, settings, around)
                    tasks[found.entry.job or ""] = found
    for found in _class_tasks(settings, around):
        tasks[found.entry.job or ""] = found
    yield from tasks.values()
    for schedule in celery_settings.schedules(around):
        known = tasks.get(schedule.task)
        if known is not None:
            yield FoundEntry(
                entry=Entry(
                    kind="schedule",
                    name=f"{schedule.when} {schedule.task}",
                    location=known.entry.location,
                    library="celery",
                    options=known.entry.options,
                ),
                functions=known.functions,
                arguments=known.arguments,
                keywords=known.keywords,
            )


def _task(
    task: Procedure,
    function: Function,
    made: Made | None,
    settings: Mapping[str, Value],
    around: Surroundings,
) -> FoundEntry:
    said = dict(made.keywords) if made is not None else {}
    name = text(said.get("name")) or _default_name(task, around)
    bound = is_true(said.get("bind"))
    return _found(name, task, function, said, settings, around, bound=bound)


def _class_tasks(settings: Mapping[str, Value], around: Surroundings) -> Iterator[FoundEntry]:
    for kind, one in classes(around):
        if not one.bases:
            continue
        is_task = any(
            base.package == "celery" and base.names and base.names[-1] == "Task"
            for base in inherits(kind, around)
        )
        run = method_of(kind, "run", around) if is_task else None
        if run is None:
            continue
        said: dict[str, Value] = {}
        for option in (*RETRY_OPTIONS, "name"):
            value = constant_field(kind, option, around)
            if value is not None:
                said[option] = value
        name = text(said.get("name")) or f"{_dotted(kind.path, around)}.{kind.name}"
        yield _found(name, run, around.function_of(run), said, settings, around, bound=True)


def _found(
    name: str,
    task: Procedure,
    function: Function,
    said: Mapping[str, Value],
    settings: Mapping[str, Value],
    around: Surroundings,
    *,
    bound: bool,
) -> FoundEntry:
    options = {**settings, **{key: said[key] for key in RETRY_OPTIONS if key in said}}
    if "max_retries" not in options and (
        "autoretry_for" in options or "retry_backoff" in options or _retries(function)
    ):
        options["max_retries"] = Known(DEFAULT_RETRIES)
    if "autoretry_for" not in options and not _retries(function):
        options.pop("max_retries", None)
    inputs = arguments_of(around, task, "job", 1 if bound else 0)
    first: tuple[Value, ...] = ()
    if bound and task.receiver is None:
        first = (Library("celery", ("Task", Made()), through=task),)
    return FoundEntry(
        entry=Entry(
            kind="job",
            name=f"{QUEUE}:{name}",
            location=Location(path=task.path, line=function.line, function=function.name),
            library="celery",
            queue=QUEUE,
            job=name,
            options=options,
        ),
        functions=(task,),
        arguments=(*first, *inputs.values()),
    )


def _retries(function: Function) -> bool:
    """Whether the task puts itself on the queue again: ``self.retry(…)``."""
    found = calls(function, "retry")
    return found is not None and isinstance(getattr(found.function, "base", None), Name)


FRAMEWORK = LibraryTable(
    name="celery",
    packages=("celery",),
    calls=_call,
    declares=_entries,
)
