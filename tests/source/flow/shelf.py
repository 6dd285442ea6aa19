"""A library of a few calls, as a framework, and programs that use it."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path as File
from textwrap import dedent

from redhanded.source.flow.effects import Effect
from redhanded.source.flow.events import Entry, Event, Path
from redhanded.source.flow.framework import (
    THIS,
    Callback,
    CallSite,
    FoundEntry,
    Meaning,
    Moment,
    Mount,
    Surroundings,
)
from redhanded.source.flow.program import Program
from redhanded.source.flow.reading import read
from redhanded.source.flow.values import Input, Kind, Known, Library, Made, Procedure, Result, Value
from redhanded.source.flow.walk import walk

ROWS = {
    "find": "read",
    "lockRow": "read",
    "lock_row": "read",
    "create": "insert",
    "update": "update",
    "save": "save",
}


class Shelf:
    """``shelf``: tables, transactions, locks, queues, routes."""

    name = "shelf"
    packages = ("shelf",)

    def call(self, site: CallSite, around: Surroundings) -> Meaning | None:
        names = site.callee.names
        verb = names[-1]
        first = site.arguments[0] if site.arguments else Known(None)
        if verb == "transaction" and isinstance(first, Procedure):
            return Meaning(
                effects=(_effect("begin", verb),),
                callbacks=(
                    Callback(function=first, arguments=(THIS,), in_transaction=True, gives=True),
                ),
            )
        if verb in ("begin", "transaction"):
            return Meaning(
                effects=(_effect("begin", "begin"),),
                result=Result(THIS.event, (), Library("shelf", ("Handle",))),
            )
        if verb in ("commit", "rollback"):
            return Meaning(effects=(_effect(verb, verb, session=site.callee.through),))
        if verb == "withLock":
            return Meaning(
                effects=(_effect("acquire", verb, store="keys", subject=_text(first)),),
                callbacks=(Callback(function=site.arguments[1], holding=True),),
            )
        if verb in ("acquire", "release"):
            return Meaning(effects=(_effect(verb, verb, store="keys", subject=_text(first)),))
        if verb == "put":
            job = _text(site.arguments[1]) if len(site.arguments) > 1 else None
            return Meaning(
                effects=(_effect("enqueue", verb, store="queue", subject=_text(first), job=job),)
            )
        if verb == "send":
            return Meaning(effects=(_effect("send", verb, store="network"),))
        if verb in ROWS and names[0] == "table":
            made = site.callee.steps[1]
            table = _text(made.arguments[0]) if isinstance(made, Made) else None
            session = site.arguments[1] if len(site.arguments) > 1 else site.keywords.get("tx")
            lock = "update" if verb.startswith("lock") else ""
            effect = _effect(ROWS[verb], verb, subject=table, session=session, lock=lock)
            return Meaning(effects=(effect,), result=Result(THIS.event, (), site.callee.through))
        if isinstance(site.callee.through, Kind | Result) and verb in ROWS:
            through = site.callee.through
            kind = through if isinstance(through, Kind) else through.of
            table = kind.name if isinstance(kind, Kind) else None
            entity = through if verb == "save" else None
            effect = _effect(ROWS[verb], verb, subject=table, entity=entity)
            return Meaning(effects=(effect,), result=Result(THIS.event, (), kind))
        if verb == "query":
            return Meaning(is_lazy=True)
        return None

    def settle(self, value: Library, moment: Moment, around: Surroundings) -> Meaning | None:
        names = value.names
        if moment in ("await", "iterate") and names[-2:] == ("query", "()"):
            made = value.steps[-1]
            assert isinstance(made, Made)
            return Meaning(effects=(_effect("read", "query", subject=_text(made.arguments[0])),))
        if moment == "enter" and names[-2:] == ("atomic", "()"):
            return Meaning(effects=(_effect("begin", "atomic"),), whole_path=True)
        if moment == "decorate" and names[-1] == "atomic":
            return Meaning(effects=(_effect("begin", "atomic"),), whole_path=True)
        if moment == "inject" and names[:1] == ("Needs",):
            made = value.steps[1]
            assert isinstance(made, Made)
            return Meaning(callbacks=(Callback(function=made.arguments[0], gives=True),))
        return None

    def entries(self, around: Surroundings) -> Iterable[FoundEntry]:
        for module in around.modules():
            for place, function in enumerate(module.functions):
                if not function.decorators:
                    continue
                procedure = Procedure(module.path, place)
                for one in around.decorators(procedure):
                    if isinstance(one, Library) and one.names == ("route", "()"):
                        made = one.steps[-1]
                        assert isinstance(made, Made) and made.location
                        entry = Entry(
                            kind="route", name=str(_text(made.arguments[0])), location=made.location
                        )
                        yield FoundEntry(entry=entry, functions=(procedure,))

    def registered(self, site: CallSite, around: Surroundings) -> Iterable[FoundEntry | Mount]:
        verb = site.callee.names[-1]
        if verb in ("on", "take") and site.arguments:
            name = str(_text(site.arguments[0]))
            request = Input("request") if verb == "on" else Input("job")
            yield FoundEntry(
                entry=Entry(
                    kind="route" if verb == "on" else "job",
                    name=name,
                    location=site.location,
                    library="shelf",
                    queue=name if verb == "take" else None,
                ),
                functions=site.arguments[1:],
                arguments=(request, Library("shelf", ("answer",))),
            )


SHELF = Shelf()


def _text(value: Value) -> str | None:
    return str(value.value) if isinstance(value, Known) else None


def _effect(kind: str, verb: str, *, store: str = "database", **more: object) -> Effect:
    return Effect(kind=kind, store=store, library="shelf", verb=verb, **more)  # type: ignore[arg-type]


def program_of(root: File, files: dict[str, str]) -> Program:
    """Writes files, each dedented and without its first line break, and links them."""
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(dedent(text).lstrip("\n"), encoding="utf-8")
    found = read(root, (".",), ("shelf",), everything=True, processes=1)
    return Program(found.modules, [SHELF], resolving=found)


def paths_of(root: File, files: dict[str, str]) -> dict[str, Path]:
    """The paths by the names of their entries."""
    return {one.entry.name: one for one in walk(program_of(root, files))}


def told(path: Path) -> list[str]:
    """The events with an effect: kind and subject, and what surrounds them."""
    return [tell(one) for one in path.events if one.effect is not None]


def tell(one: Event) -> str:
    effect = one.effect
    assert effect is not None
    words = [effect.kind]
    if effect.subject:
        words.append(effect.subject)
    words.append(f"@{one.location.line}")
    if one.transaction is not None:
        words.append(f"in {one.transaction.number}")
    if one.locks:
        words.append(f"locks {','.join(map(str, one.locks))}")
    if one.in_loop:
        words.append("loop")
    if one.retried:
        words.append("retried")
    if not one.awaited:
        words.append("dropped")
    if one.is_detached:
        words.append("detached")
    if one.together_with is not None:
        words.append(f"together {one.together_with}.{one.branch}")
    return " ".join(words)
