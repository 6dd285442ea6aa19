"""How often a job is run again: by its options, or because its queue delivers at least once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from redhanded.case.evidence import Location
from redhanded.hunt.suspect.rules.elsewhere import producers
from redhanded.hunt.suspect.rules.guarded import excludes
from redhanded.hunt.suspect.rules.handled import said
from redhanded.hunt.suspect.rules.rule import Reading, Reason
from redhanded.source.flow.events import Event, Path
from redhanded.source.flow.values import Kind, Known, Record, Value

ATTEMPTS = ("attempts", "retries", "retryLimit", "max_retries", "max_tries", "maxAttempts")
"""Options with a number of runs or repetitions; more than this many are retries."""
RUNS = frozenset({"attempts", "max_tries", "maxAttempts"})
"""Those that count the first run as well."""
RETRYING = (
    *("autoretry_for", "retry_backoff", "retry", "backoff", "retry_when", "retry_on_error"),
    "acks_late",
)
"""Options that say a failed or lost job is run again."""
BY_DEFAULT: Mapping[str, tuple[float, str]] = {
    "dramatiq": (0.25, "Dramatiq runs a failed message again, up to 20 times by default"),
    "pg-boss": (0.2, "pg-boss runs a failed job again, twice by default"),
    "graphile-worker": (0.25, "Graphile Worker runs a failed job again, 25 times by default"),
    "kafkajs": (0.15, "Kafka delivers at least once"),
    "kafka": (0.15, "Kafka delivers at least once"),
    "aiokafka": (0.15, "Kafka delivers at least once"),
    "@aws-sdk/client-sqs": (0.2, "SQS delivers at least once"),
    "boto3": (0.2, "SQS delivers at least once"),
    "@google-cloud/pubsub": (0.2, "Pub/Sub delivers at least once"),
    "amqplib": (0.15, "what is not acknowledged is delivered again"),
    "pika": (0.15, "what is not acknowledged is delivered again"),
    "aio_pika": (0.15, "what is not acknowledged is delivered again"),
    "inngest": (0.2, "Inngest runs a failed function again"),
}
"""What a library does when nothing is said."""


def retried(reading: Reading, path: Path, after: Event | None = None) -> Reason:
    """The weight of what runs a job of this path again, when it has come to an event."""
    stated = [_stated(_in_force(path, after), path.entry.location)]
    stated += [
        _stated(effect.options, event.location) for event, effect in producers(reading, path)
    ]
    known = [one for one in stated if one is not None]
    if known:
        return max(known, key=lambda one: one.weight)
    again = next(_askings(path, after), None)
    if again is not None:
        return Reason(weight=0.25, says="it asks to be run again", location=again.location)
    library = BY_DEFAULT.get(path.entry.library)
    if library is not None:
        return Reason(weight=library[0], says=library[1], location=path.entry.location)
    says = "it is run again only when its worker dies or stalls"
    return Reason(weight=-0.1, says=says, location=path.entry.location)


def _in_force(path: Path, after: Event | None) -> Mapping[str, Value]:
    """The options of a job. Celery's ``max_retries`` bounds how often a job may ask to be run
    again, and runs nothing again by itself (Celery user guide, Tasks, Retrying)."""
    options = path.entry.options
    if path.entry.library != "celery" or options.get("autoretry_for") is not None:
        return options
    if next(_askings(path, after), None) is not None:
        return options
    return {name: value for name, value in options.items() if name not in ATTEMPTS}


def _askings(path: Path, after: Event | None) -> Iterator[Event]:
    for one in path.events:
        if _asks_again(one) and (after is None or not excludes(one, after)):
            yield one


def _is_own_error(options: Mapping[str, Value]) -> bool:
    """Whether a job is run again only for errors of the program's own classes, or for rows that
    are not there, which are raised before anything is done as a rule."""
    value = options.get("autoretry_for")
    if value is None:
        return False
    parts = tuple(value.parts.values()) if isinstance(value, Record) else (value,)
    return bool(parts) and all(
        isinstance(one, Kind) or any(name.endswith("DoesNotExist") for name in said((one,)))
        for one in parts
    )


def _stated(options: Mapping[str, Value], place: Location) -> Reason | None:
    if _is_own_error(options):
        says = "it is run again only for errors of the program's own (autoretry_for)"
        return Reason(weight=-0.1, says=says, location=place)
    for option in ATTEMPTS:
        value = options.get(option)
        if not isinstance(value, Known) or isinstance(value.value, bool):
            continue
        if not isinstance(value.value, int | float):
            continue
        times = value.value if option in RUNS else value.value + 1
        if times > 1:
            says = f"it is run up to {times:g} times ({option})"
            return Reason(weight=0.25, says=says, location=place)
        return Reason(weight=-0.1, says=f"it is run once ({option})", location=place)
    for option in RETRYING:
        value = options.get(option)
        if value is None or value in (Known(None), Known(False), Known(0)):
            continue
        if option == "acks_late":
            says = "its broker delivers it again when the worker is lost (acks_late)"
            return Reason(weight=0.15, says=says, location=place)
        says = f"it is run again after a failure ({option})"
        return Reason(weight=0.25, says=says, location=place)
    return None


def _asks_again(event: Event) -> bool:
    """``self.retry(…)``, ``raise Retry``: a job that puts itself back on its queue."""
    last = event.callee.rsplit(".", 1)[-1].split("(", 1)[0]
    return last.lower() in ("retry", "movetodelayed", "retryjob")
