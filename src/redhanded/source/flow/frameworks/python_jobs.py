"""RQ, Dramatiq, arq, Huey, Procrastinate and Django-Q: functions as jobs of a queue.

References: https://python-rq.org/docs/, https://dramatiq.io/guide.html,
https://arq-docs.helpmanual.io/, https://huey.readthedocs.io/, https://procrastinate.readthedocs.io/.
RQ and arq name a job by its function, Dramatiq by the actor.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from redhanded.source.flow.effects import Effect
from redhanded.source.flow.events import Entry
from redhanded.source.flow.form import Attribute, Expression, Let
from redhanded.source.flow.framework import (
    Callback,
    CallSite,
    FoundEntry,
    Meaning,
    Mount,
    Surroundings,
)
from redhanded.source.flow.frameworks.chain import (
    Link,
    arguments_of,
    classes,
    given,
    is_python,
    links,
    procedure_of,
)
from redhanded.source.flow.frameworks.python_routes import calls_of, decorated, place_of
from redhanded.source.flow.frameworks.reading import elements, members, text
from redhanded.source.flow.frameworks.table import LibraryTable
from redhanded.source.flow.values import Known, Library, Made, Procedure, Record, Value

TASKIQ = ("taskiq", "taskiq_redis", "taskiq_aio_pika", "taskiq_nats")
"""Taskiq, and the packages that its brokers are in."""
DECORATORS: Mapping[str, frozenset[str]] = {
    "rq": frozenset({"job"}),
    "django_rq": frozenset({"job"}),
    "dramatiq": frozenset({"actor"}),
    "huey": frozenset({"task", "periodic_task", "db_task", "db_periodic_task"}),
    "procrastinate": frozenset({"task", "periodic"}),
    **dict.fromkeys(TASKIQ, frozenset({"task"})),
}
"""What makes a function a job."""
SENDS: Mapping[str, frozenset[str]] = {
    "rq": frozenset({"delay", "enqueue", "enqueue_call", "enqueue_in", "enqueue_at"}),
    "django_rq": frozenset({"delay", "enqueue", "enqueue_in", "enqueue_at"}),
    "dramatiq": frozenset({"send", "send_with_options"}),
    "huey": frozenset({"schedule", "__call__"}),
    "procrastinate": frozenset({"defer", "defer_async"}),
    **dict.fromkeys(TASKIQ, frozenset({"kiq"})),
    "arq": frozenset({"enqueue_job"}),
    "django_q": frozenset({"async_task", "schedule"}),
}
ENQUEUING = frozenset({"enqueue", "enqueue_in", "enqueue_at", "enqueue_call", "async_task"})
ANY_FUNCTION = ("rq", "django_rq", "django_q")
RQ_OPTIONS = frozenset(
    {
        *("job_id", "retry", "timeout", "job_timeout", "result_ttl", "ttl", "failure_ttl"),
        "depends_on",
        *("at_front", "description", "meta", "unique", "on_success", "on_failure", "repeat"),
    }
)
OPTIONS = frozenset({"max_retries", "min_backoff", "max_backoff", "retry_when", "time_limit"}) | {
    *("max_age", "throws", "retries", "retry_delay", "retry", "queueing_lock", "lock", "unique"),
    *("queue_name", "queue", "timeout", "result_ttl", "job_id", "_job_id", "keep_result"),
    "retry_on_error",
}


def _call(site: CallSite, around: Surroundings) -> Meaning | None:
    package = site.callee.package
    chain = links(site.callee)
    if not is_python(site) or not chain:
        return None
    last = chain[-1]
    task = procedure_of(site.callee.through)
    if last.made is None and last.name in SENDS.get(package, ()):
        return _sent(site, chain, task, around)
    decorates = [one for one in chain if one.name in DECORATORS.get(package, ())]
    if task is not None and decorates:
        if package == "huey" and last in decorates:
            return Meaning(
                effects=(_effect(site, _name(task, around), site.arguments, site.keywords, {}),)
            )
        called = Callback(
            function=task, arguments=site.arguments, keywords=site.keywords, gives=True
        )
        if last.name in ("fn", "call_local") or last in decorates:
            return Meaning(callbacks=(called,))
    if package == "dramatiq" and last.name == "run" and len(chain) > 1:
        return _canvas(site, around)
    return None


def _sent(
    site: CallSite, chain: tuple[Link, ...], task: Procedure | None, around: Surroundings
) -> Meaning | None:
    package, verb = site.callee.package, chain[-1].name
    arguments, keywords = site.arguments, dict(site.keywords)
    options: dict[str, Value] = {}
    queue = _queue(chain)
    name: str | None = None
    if task is not None:
        name = _said_name(site.callee) or _name(task, around)
        options.update(_declared(site.callee))
        if verb == "send_with_options":
            arguments = elements(keywords.get("args"))
            options.update({k: v for k, v in keywords.items() if k not in ("args", "kwargs")})
            keywords = dict(members(keywords.get("kwargs")))
        elif package == "procrastinate":
            options.update(_configured(chain))
    elif package == "arq":
        name, arguments = text(given(site, 0, "function")), arguments[1:]
        options = {k: v for k, v in keywords.items() if k.startswith("_")}
        keywords = {k: v for k, v in keywords.items() if not k.startswith("_")}
    else:
        place = 1 if verb in ("enqueue_in", "enqueue_at") else 0
        what = given(site, place, "f", "func")
        function = procedure_of(what)
        name = _name(function, around) if function is not None else text(what)
        if name is None:
            return None
        name = name if function is not None else name.rsplit(".", 1)[-1]
        arguments = arguments[place + 1 :] or elements(keywords.get("args"))
        options = {k: v for k, v in keywords.items() if k in RQ_OPTIONS}
        if place and site.arguments:
            options["delay"] = site.arguments[0]
        keywords = {k: v for k, v in keywords.items() if k not in RQ_OPTIONS}
    effect = _effect(site, name, arguments, keywords, options, queue)
    is_async = package in ("arq", *TASKIQ) or verb.endswith("_async")
    return Meaning(effects=(effect,), is_async=is_async)


def _effect(
    site: CallSite,
    name: str | None,
    arguments: tuple[Value, ...],
    keywords: Mapping[str, Value],
    options: Mapping[str, Value],
    queue: str | None = None,
) -> Effect:
    package = _canonical(site.callee.package)
    said = dict(options)
    if queue is not None:
        said.setdefault("queue", Known(queue))
    return Effect(
        kind="enqueue",
        store="queue",
        library=package,
        verb=site.callee.names[-1],
        subject=package,
        job=name,
        values={**{str(place): one for place, one in enumerate(arguments)}, **keywords},
        options=said,
    )


def _canonical(package: str) -> str:
    if package in TASKIQ:
        return "taskiq"
    return "rq" if package == "django_rq" else package


def _canvas(site: CallSite, around: Surroundings) -> Meaning | None:
    """``dramatiq.group([a.message(1), b.message(2)]).run()``, ``pipeline(…).run()``."""
    effects = []
    for one in links(site.callee):
        for given_one in one.made.arguments if one.made is not None else ():
            for message in elements(given_one):
                task = procedure_of(message)
                if task is None or not isinstance(message, Library):
                    continue
                made = links(message)[-1].made
                arguments = made.arguments if made is not None else ()
                effects.append(_effect(site, _name(task, around), arguments, {}, {}))
    return Meaning(effects=tuple(effects)) if effects else None


def _queue(chain: tuple[Link, ...]) -> str | None:
    for one in chain:
        if one.name in ("Queue", "get_queue") and one.made is not None:
            return text(given(one.made, 0, "name")) or "default"
    return None


def _name(task: Procedure, around: Surroundings) -> str:
    return around.function_of(task).name


def _said_name(value: Library) -> str | None:
    """The name that the decorator gives to the job."""
    for one in links(value):
        if one.name in DECORATORS.get(value.package, ()) and one.made is not None:
            return text(given(one.made, -1, "actor_name", "name"))
    return None


def _declared(value: Library) -> dict[str, Value]:
    """Options of the decorator that concern the sender."""
    for one in links(value):
        if one.name in DECORATORS.get(value.package, ()) and one.made is not None:
            return {name: each for name, each in one.made.keywords.items() if name in OPTIONS}
    return {}


def _configured(chain: tuple[Link, ...]) -> dict[str, Value]:
    """Procrastinate's ``task.configure(queueing_lock=…).defer(…)``."""
    for one in chain:
        if one.name == "configure" and one.made is not None:
            return dict(one.made.keywords)
    return {}


# Entries.


def _entries(around: Surroundings) -> Iterable[FoundEntry | Mount]:
    for here, _, values in decorated(around, *DECORATORS):
        for value in values:
            for one in links(value):
                if one.name in DECORATORS[value.package]:
                    yield from _decorated(here, one, value, around)
    yield from _arq(around)
    yield from _enqueued(around)


def _decorated(
    here: Procedure, one: Link, value: Library, around: Surroundings
) -> Iterator[FoundEntry]:
    package = _canonical(value.package)
    said = dict(one.made.keywords) if one.made is not None else {}
    options = {name: each for name, each in said.items() if name in OPTIONS}
    if one.name in ("periodic_task", "periodic", "db_periodic_task"):
        cron = text(said.get("cron"))
        yield _job(here, package, around, options, schedule=f"cron {cron}" if cron else "periodic")
    elif package == "taskiq" and "schedule" in said:
        crons = [text(members(each).get("cron")) for each in elements(said["schedule"])]
        cron = next(filter(None, crons), None)
        yield _job(here, package, around, options, schedule=f"cron {cron}" if cron else "periodic")
    else:
        name = text(said.get("actor_name")) or text(said.get("name"))
        yield _job(here, package, around, options, name=name)


def _job(
    here: Procedure,
    library: str,
    around: Surroundings,
    options: Mapping[str, Value],
    *,
    name: str | None = None,
    schedule: str = "",
    skip: int = 0,
    context: Value | None = None,
) -> FoundEntry:
    """``skip``: parameters before those that the job is given; the first holds ``context``."""
    job = name or _name(here, around)
    inputs = tuple(arguments_of(around, here, "job", skip).values())
    first: tuple[Value, ...] = ()
    if skip:
        first = (context if context is not None else Library(library, ("Context", Made())),)
    entry = Entry(
        kind="schedule" if schedule else "job",
        name=f"{schedule} {job}" if schedule else f"{library}:{job}",
        location=place_of(here, around),
        library=library,
        queue=None if schedule else library,
        job=None if schedule else job,
        options=options,
    )
    return FoundEntry(
        entry=entry, functions=(here,), arguments=first if schedule else (*first, *inputs)
    )


def _arq(around: Surroundings) -> Iterator[FoundEntry]:
    """``class WorkerSettings: functions = [...]; cron_jobs = [cron(f, hour=1)]``."""
    for kind, one in classes(around):
        fields = {each.name: each.value for each in one.fields}
        if not {"redis_settings", "on_startup", "cron_jobs", "functions"} & fields.keys():
            continue
        options: dict[str, Value] = {}
        for name in ("max_tries", "job_timeout", "keep_result", "retry_jobs", "max_jobs"):
            written = fields.get(name)
            if written is not None:
                options[name] = around.evaluate(written, kind.path)
        said_of = _Arq(around, options, _context(fields.get("on_startup"), kind.path, around))
        for function in _listed(fields.get("functions"), kind.path, around):
            if isinstance(function, Procedure):
                yield said_of.job(function)
            elif isinstance(function, Library) and function.package == "arq":
                made = links(function)[-1].made
                inner = procedure_of(given(made, 0, "coroutine"))
                if inner is not None and made is not None:
                    said = {k: v for k, v in made.keywords.items() if k in ("max_tries", "timeout")}
                    yield said_of.job(inner, said, name=text(made.keywords.get("name")))
        for timed in _listed(fields.get("cron_jobs"), kind.path, around):
            made = links(timed)[-1].made if isinstance(timed, Library) else None
            inner = procedure_of(given(made, 0, "coroutine"))
            if inner is not None:
                yield said_of.job(inner, schedule="cron")


@dataclass(frozen=True, slots=True)
class _Arq:
    """What the jobs of one worker have in common."""

    around: Surroundings
    options: Mapping[str, Value]
    context: Mapping[str, Value]

    def job(
        self,
        function: Procedure,
        said: Mapping[str, Value] | None = None,
        *,
        name: str | None = None,
        schedule: str = "",
    ) -> FoundEntry:
        context = Record(dict(self.context), is_complete=False)
        options = {**self.options, **(said or {})}
        return _job(
            function,
            "arq",
            self.around,
            options,
            name=name,
            schedule=schedule,
            skip=1,
            context=context,
        )


def _context(startup: Expression | None, path: str, around: Surroundings) -> dict[str, Value]:
    """What each job finds in ``ctx``: the pool, and what ``on_startup`` has put there."""
    found: dict[str, Value] = {"redis": Library("arq", ("ArqRedis", Made()))}
    function = around.evaluate(startup, path) if startup is not None else None
    if isinstance(function, Procedure):
        for one in around.function_of(function).body:
            if isinstance(one, Let) and isinstance(one.target, Attribute):
                value = around.evaluate(one.value, function.path, function.function)
                found[one.target.name] = value
    return found


def _listed(expression: Expression | None, path: str, around: Surroundings) -> tuple[Value, ...]:
    return () if expression is None else elements(around.evaluate(expression, path))


def _enqueued(around: Surroundings) -> Iterator[FoundEntry]:
    """RQ and Django-Q take any function of the program: those that are given to ``enqueue``."""
    found: dict[tuple[str, int], FoundEntry] = {}
    for module in around.modules():
        if module.language != "python" or not module.may_call(ENQUEUING):
            continue
        for index, function in enumerate(module.functions):
            for call in calls_of(function.body):
                name = getattr(call.function, "name", "")
                place = 1 if name in ("enqueue_in", "enqueue_at") else 0
                if name not in ENQUEUING or len(call.arguments) <= place:
                    continue
                base = around.evaluate(call.function, module.path, index)
                if not isinstance(base, Library) or base.package not in ANY_FUNCTION:
                    continue
                value = around.evaluate(call.arguments[place].value, module.path, index)
                task = procedure_of(value) or _dotted(text(value), around)
                if task is not None:
                    library = _canonical(base.package)
                    found.setdefault((task.path, task.function), _job(task, library, around, {}))
    return iter(found.values())


def _dotted(name: str | None, around: Surroundings) -> Procedure | None:
    """The function that ``"app.tasks.work"`` names."""
    if not name or "." not in name:
        return None
    path, _, last = name.rpartition(".")
    wanted = path.replace(".", "/") + ".py"
    for module in around.modules():
        if module.path == wanted or module.path.endswith("/" + wanted):
            for index, function in enumerate(module.functions):
                if function.name == last and function.owner < 0:
                    return Procedure(module.path, index)
    return None


FRAMEWORK = LibraryTable(
    name="python jobs",
    packages=tuple(dict.fromkeys((*DECORATORS, *SENDS))),
    calls=_call,
    declares=_entries,
)
