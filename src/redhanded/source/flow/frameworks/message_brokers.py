"""Kafka and AMQP: messages that are delivered at least once.

References: kafka.js.org/docs (Producing, Consuming); amqp-node.github.io/amqplib (Channel API).
What sends is an ``enqueue`` on the topic or queue; what receives is a job.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from redhanded.source.flow.framework import CallSite, FoundEntry, Meaning, Surroundings
from redhanded.source.flow.frameworks.jobs import consumer, enqueue, options_of
from redhanded.source.flow.frameworks.reading import (
    argument,
    elements,
    gives,
    last_function,
    members,
    pattern,
)
from redhanded.source.flow.frameworks.table import LibraryTable
from redhanded.source.flow.schemas.walking import calls_of
from redhanded.source.flow.values import Input, Value

KAFKA = ("kafkajs", "@confluentinc/kafka-javascript")
AMQP = ("amqplib", "amqplib/callback_api", "amqp-connection-manager")
RECORD = Input("job")


def _call(site: CallSite, around: Surroundings) -> Meaning | None:
    names = site.callee.names
    last = names[-1] if names else ""
    if site.callee.package in KAFKA:
        return _kafka(site, last)
    if last == "sendToQueue":
        options = options_of(argument(site, 2))
        effect = enqueue(site, pattern(argument(site, 0)), None, argument(site, 1), options)
        return Meaning(effects=(effect,))
    if last == "publish" and "()" in names:
        options = options_of(argument(site, 3))
        name = pattern(argument(site, 1)) or pattern(argument(site, 0))
        return Meaning(effects=(enqueue(site, name, None, argument(site, 2), options),))
    if last in ("connect", "createChannel", "createConfirmChannel"):
        return Meaning(result=gives(site))
    return Meaning() if "()" in names else None


def _kafka(site: CallSite, last: str) -> Meaning | None:
    if last == "send":
        given = members(argument(site, 0))
        message = next(iter(elements(given.get("messages"))), given.get("messages"))
        data = members(message).get("value", message)
        return Meaning(effects=(enqueue(site, pattern(given.get("topic")), None, data, given),))
    if last == "sendBatch":
        topics = elements(members(argument(site, 0)).get("topicMessages"))
        effects = [
            enqueue(site, pattern(members(one).get("topic")), None, None, {}) for one in topics
        ]
        return Meaning(effects=tuple(effects))
    return Meaning()


def _registered(site: CallSite, around: Surroundings) -> Iterable[FoundEntry]:
    names = site.callee.names
    last = names[-1] if names else ""
    if site.callee.package in KAFKA and last == "run":
        yield from _consumed(site, around)
    elif site.callee.package in AMQP and last == "consume":
        work = next((one for one in site.arguments[1:2]), None)
        options = options_of(argument(site, 2))
        name = pattern(argument(site, 0))
        found = consumer(site, name, None, work or last_function(site), options, around)
        if found is not None:
            yield found


def _consumed(site: CallSite, around: Surroundings) -> Iterable[FoundEntry]:
    """``consumer.run({eachMessage})`` after ``consumer.subscribe({topic})`` in the same file."""
    given = members(argument(site, 0))
    work = given.get("eachMessage", given.get("eachBatch"))
    topics: list[str | None] = [*_topics(site, around)] or [None]
    for topic in topics:
        found = consumer(site, topic, None, work, given, around, (RECORD,))
        if found is not None:
            yield found


def _topics(site: CallSite, around: Surroundings) -> Iterator[str]:
    module = around.module(site.location.path)
    if module is None:
        return
    for call, function in calls_of(module):
        if getattr(call.function, "name", "") == "subscribe" and call.arguments:
            yield from _named(around.evaluate(call.arguments[0].value, module.path, function))


def _named(value: Value) -> Iterator[str]:
    parts = members(value)
    for one in (parts.get("topic"), *elements(parts.get("topics"))):
        name = pattern(one)
        if name is not None:
            yield name


FRAMEWORK = LibraryTable(
    name="message brokers", packages=(*KAFKA, *AMQP), calls=_call, registers=_registered
)
