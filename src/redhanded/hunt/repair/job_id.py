"""Give the job an identifier of the event's, and keep it as long as the event can come again."""

from __future__ import annotations

import re
from dataclasses import dataclass

from tree_sitter import Node

from redhanded.case.fix import FixPart
from redhanded.hunt.repair import event_identity
from redhanded.hunt.repair.event_identity import Identity
from redhanded.hunt.repair.package import major_version
from redhanded.hunt.repair.remedy import Ground, part
from redhanded.source import edit
from redhanded.source.edit import Edit, Source

name = "job-id"

KEPT_S = 7 * 24 * 60 * 60
"""Longer than the common senders repeat an event (Stripe three days, Shopify two, GitHub one)."""

_OPTION_NAMES = frozenset(
    {"attempts", "backoff", "delay", "jobId", "lifo", "priority", "removeOnComplete"}
    | {"removeOnFail", "repeat", "timeout", "stackTraceLimit"}
)
_KEPT_COUNT = 100_000


_NAMELESS = frozenset({"celery", "dramatiq", "huey"})
"""Queues that run a job again whatever it is called."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """The arguments of an enqueue call by what they are."""

    data: Node
    options: Node | None


def parts(ground: Ground) -> tuple[FixPart, ...]:
    """Part ``a``, where the enqueue line is known and the data identify the event."""
    place = ground.place("enqueue")
    if place is None or not edit.is_script(place.path):
        return ()
    source = edit.read(ground.text(place.path), place.path)
    call = edit.call_near(source, place.line, ("add",))
    enqueue = ground.enqueue
    library = enqueue.library if enqueue else "bull"
    taken = (
        None
        if call is None
        else _arguments(source, call, library, enqueue is not None and enqueue.job is not None)
    )
    if call is None or taken is None or _names_job(source, taken.options):
        return ()
    identity = event_identity.choose(ground, source, call, taken.data)
    if identity is None:
        return ()
    wanted = {
        "jobId": expression(identity, library),
        "removeOnComplete": _retention(library, major_version(ground.root, library)),
        "removeOnFail": "true",
    }
    text = edit.apply(source, (_edit(source, call, taken, wanted),))
    return (
        part(
            ground,
            key="a",
            remedy=name,
            title=f"Name the job after {identity.property}, so that a repeated event adds none",
            why=_why(identity, library),
            files={place.path: text},
        ),
    )


def absent(ground: Ground) -> str | None:
    """Why no part names the job, where the queue's library is known not to go by such a name."""
    enqueue = ground.enqueue
    if enqueue is None or enqueue.library not in _NAMELESS:
        return None
    return (
        f"No part names the job: {enqueue.library} runs a second job under an identifier that it "
        "has seen as well, so only the database can tell that the event was worked off."
    )


def expression(identity: Identity, library: str) -> str:
    """The source text of the identifier.

    Both libraries refuse or mistake an identifier that is an integer; BullMQ takes ``:`` for its
    own separator.
    """
    if identity.may_be_integer:
        return f"`event-${{{identity.expression}}}`"
    if library == "bullmq" and identity.may_hold_colon:
        return f"`${{{identity.expression}}}`.replaceAll(':', '-')"
    return identity.expression


def _arguments(source: Source, call: Node, library: str, named: bool) -> Call | None:
    given = edit.arguments(call)
    if library != "bullmq" and given and not _is_name(source, given, named):
        given = [given[0], *given]
    if len(given) < 2:
        return None
    return Call(data=given[1], options=given[2] if len(given) > 2 else None)


def _is_name(source: Source, given: list[Node], named: bool) -> bool:
    """Whether Bull's first argument is the job's name: ``add(name?, data, options?)``."""
    first = given[0]
    if len(given) >= 3 or first.type in {"string", "template_string"}:
        return True
    if len(given) == 1 or first.type == "object":
        return False
    if given[1].type == "object":
        names = {each.name for each in edit.properties(source, given[1])}
        return not (names and names <= _OPTION_NAMES)
    return named


def _names_job(source: Source, options: Node | None) -> bool:
    if options is None or options.type != "object":
        return False
    return any(each.name == "jobId" for each in edit.properties(source, options))


def _retention(library: str, major: int | None) -> str:
    if library == "bull" and major is not None and major < 4:
        return str(_KEPT_COUNT)
    return "{ age: 7 * 24 * 60 * 60 }"


def _edit(source: Source, call: Node, taken: Call, wanted: dict[str, str]) -> Edit:
    base = source.indent(call.start_byte)
    inner = base + source.indent_unit
    if taken.options is None:
        body = "".join(f"{inner}{key}: {value},\n" for key, value in wanted.items())
        end = taken.data.end_byte
        return Edit(start=end, end=end, text=f", {{\n{body}{base}}}")
    old = source.of(taken.options)
    if taken.options.type != "object":
        body = "".join(f"{inner}{key}: {value},\n" for key, value in wanted.items())
        text = f"{{\n{inner}...{old},\n{body}{base}}}"
        return Edit(start=taken.options.start_byte, end=taken.options.end_byte, text=text)
    kept = [
        source.of(each.node)
        for each in edit.properties(source, taken.options)
        if each.name not in wanted
    ]
    added = [f"{key}: {value}" for key, value in wanted.items()]
    multiline = "\n" in old
    indent = source.indent(taken.options.named_children[0].start_byte) if multiline else inner
    close = source.indent(taken.options.end_byte) if multiline else base
    body = "".join(f"{indent}{each},\n" for each in (*kept, *added))
    return Edit(
        start=taken.options.start_byte,
        end=taken.options.end_byte,
        text=f"{{\n{body}{close}}}",
    )


def _why(identity: Identity, library: str) -> str:
    shown = re.sub(r"\s+", " ", identity.expression)
    return (
        f"{library} adds no second job under an identifier that it still holds. {shown} "
        f"{identity.reason}. The finished job is kept for seven days, since a removed one no "
        "longer blocks its identifier (bullmq#1318); a job that has failed for good is removed, so "
        "that a later delivery can still do the work (bull#1828)."
    )
