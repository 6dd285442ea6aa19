"""What a program sets for all of its Celery tasks, and which are run by the clock.

Reference: https://docs.celeryq.dev/en/stable/userguide/configuration.html. Settings are assigned to
``app.conf``, given to ``app.conf.update``, stand at the top of ``celeryconfig.py``, or in Django's
settings with the prefix ``CELERY_``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from redhanded.source.flow.form import (
    Attribute,
    Call,
    Do,
    Expression,
    If,
    Let,
    Name,
    Statement,
    Try,
    With,
)
from redhanded.source.flow.framework import Surroundings
from redhanded.source.flow.frameworks.chain import links
from redhanded.source.flow.frameworks.reading import members, number, text
from redhanded.source.flow.values import Known, Library, Value

SETTINGS = {
    "task_acks_late": "acks_late",
    "task_reject_on_worker_lost": "reject_on_worker_lost",
    "broker_transport_options": "visibility_timeout",
    "worker_prefetch_multiplier": "prefetch",
}
SCHEDULES = frozenset({"beat_schedule", "celery_beat_schedule", "celerybeat_schedule"})


@dataclass(frozen=True, slots=True)
class Schedule:
    """A task that the clock starts."""

    task: str
    when: str


def read(around: Surroundings) -> Mapping[str, Value]:
    """Options that hold for every task."""
    found: dict[str, Value] = {}
    for name, value, path in _said(around):
        option = SETTINGS.get(name)
        if option is None:
            continue
        known = around.evaluate(value, path)
        if option == "visibility_timeout":
            part = members(known).get(option)
            if part is not None:
                found[option] = part
        elif known not in (Known(False), Known(None)):
            found[option] = known
    return found


def schedules(around: Surroundings) -> Iterator[Schedule]:
    """Of ``beat_schedule`` and ``add_periodic_task``."""
    for name, value, path in _said(around):
        if name not in SCHEDULES:
            continue
        for one in members(around.evaluate(value, path)).values():
            task = text(members(one).get("task"))
            if task is not None:
                yield Schedule(task, _when(members(one).get("schedule")))


def _when(value: Value | None) -> str:
    """A schedule as people read it."""
    seconds = number(value)
    if seconds is not None:
        return f"every {seconds:g} s"
    if isinstance(value, Library):
        last = links(value)[-1]
        if last.name == "crontab" and last.made is not None:
            names = ("minute", "hour", "day_of_week", "day_of_month", "month_of_year")
            written = []
            for place, name in enumerate(names):
                part = last.made.keywords.get(name)
                if part is None and place < len(last.made.arguments):
                    part = last.made.arguments[place]
                written.append(str(part.value) if isinstance(part, Known) else "*")
            minute, hour, weekday, day, month = written
            return f"cron {minute} {hour} {day} {month} {weekday}"
    return "on schedule"


def _said(around: Surroundings) -> Iterator[tuple[str, Expression, str]]:
    """Settings by their lower-case names, with their values and files."""
    for module in around.modules():
        if module.language != "python":
            continue
        for index, function in enumerate(module.functions):
            for statement in _flat(function.body):
                for name, value in _set(statement, at_top=index == 0):
                    yield name, value, module.path


def _set(statement: Statement, *, at_top: bool) -> Iterator[tuple[str, Expression]]:
    if isinstance(statement, Let):
        target = statement.target
        if isinstance(target, Attribute) and _is_conf(target.base):
            yield target.name.lower(), statement.value
        elif isinstance(target, Name) and at_top:
            name = target.name.lower().removeprefix("celery_")
            if name in SETTINGS or name in SCHEDULES:
                yield name, statement.value
    elif isinstance(statement, Do) and isinstance(statement.value, Call):
        callee = statement.value.function
        if isinstance(callee, Attribute) and callee.name == "update" and _is_conf(callee.base):
            for one in statement.value.arguments:
                if one.name is not None and not one.spread:
                    yield one.name.lower(), one.value


def _is_conf(base: Expression) -> bool:
    return isinstance(base, Attribute) and base.name == "conf"


def _flat(body: tuple[Statement, ...]) -> Iterator[Statement]:
    waiting: list[Statement] = list(body)[::-1]
    while waiting:
        one = waiting.pop()
        yield one
        if isinstance(one, If):
            waiting.extend((*one.then, *one.other))
        elif isinstance(one, Try | With):
            waiting.extend(one.body)
