"""What makes a queue drop a job that it was given before, and for how long it remembers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from redhanded.hunt.suspect.rules.origin import is_fresh
from redhanded.source.flow.effects import Effect
from redhanded.source.flow.events import Path
from redhanded.source.flow.values import Known, Record, Value

Memory = Literal["kept", "while pending", "never"]
"""``kept``: also after the job is done; ``while pending``: until it is done or taken; ``never``:
nothing is dropped."""

NAMING: Mapping[str, Mapping[str, Memory]] = {
    "bull": {"jobId": "kept", "debounce": "while pending"},
    "bullmq": {"jobId": "kept", "deduplication": "while pending", "debounce": "while pending"},
    "@nestjs/bull": {"jobId": "kept", "debounce": "while pending"},
    "@nestjs/bullmq": {"jobId": "kept", "deduplication": "while pending"},
    "bee-queue": {"id": "kept", "jobId": "kept"},
    "pg-boss": {"singletonKey": "while pending", "id": "kept", "singletonSeconds": "kept"},
    "agenda": {"unique": "kept"},
    "graphile-worker": {"jobKey": "while pending", "job_key": "while pending"},
    "arq": {"_job_id": "kept", "job_id": "kept"},
    "rq": {"unique": "while pending"},
    "celery": {"once": "while pending"},
    "procrastinate": {"queueing_lock": "while pending"},
    "@aws-sdk/client-sqs": {"MessageDeduplicationId": "kept"},
    "boto3": {"MessageDeduplicationId": "kept"},
}
"""Option by which a library drops a second job. Not among them: ``task_id`` of Celery and
``job_id`` of RQ, which name a job and drop none."""

UNKNOWN_LIBRARY: Mapping[str, Memory] = {
    "jobId": "kept",
    "deduplication": "while pending",
    "singletonKey": "while pending",
    "unique": "kept",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Dedup:
    """How a job is told from an equal one."""

    memory: Memory
    option: str = ""
    why: str = ""
    is_read: bool = True
    """False: some options could not be read."""


def deduplication(path: Path, effect: Effect, consumers: Iterable[Path] = ()) -> Dedup:
    """How long the queue remembers this job; ``consumers`` may say when it is removed."""
    forgotten = is_forgotten(effect.options) or (
        "removeOnComplete" not in effect.options
        and any(is_forgotten(one.entry.options) for one in consumers)
    )
    for option, memory in NAMING.get(effect.library, UNKNOWN_LIBRARY).items():
        value = effect.options.get(option)
        if value is None or value in (Known(None), Known(False)):
            continue
        if is_fresh(path, _identifier(value)):
            return Dedup(memory="never", option=option, why=f"{option} is drawn anew each time")
        if memory == "kept" and forgotten:
            why = "a completed job is removed, and its identifier is forgotten with it"
            return Dedup(memory="while pending", option=option, why=why)
        if memory == "while pending" and isinstance(value, Record) and "ttl" in value.parts:
            return Dedup(memory="kept", option=option, why="for the time that ttl says")
        return Dedup(memory=memory, option=option)
    return Dedup(memory="never", is_read="?" not in effect.options)


def is_forgotten(options: Mapping[str, Value]) -> bool:
    """Whether a completed job is removed at once (Bull, BullMQ, Bee-Queue, arq)."""
    for option in ("removeOnComplete", "removeOnSuccess", "keep_result"):
        value = options.get(option)
        if isinstance(value, Known) and value.value in (0, 1) and value.value is not False:
            return True
    return False


def _identifier(value: Value) -> Value:
    """The name in ``{id: …, ttl: …}``."""
    if isinstance(value, Record) and "id" in value.parts:
        return value.parts["id"]
    return value
