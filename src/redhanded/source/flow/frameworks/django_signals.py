"""Signals that Django sends for rows, and the functions of the program that receive them.

Reference: https://docs.djangoproject.com/en/stable/ref/signals/. ``post_save`` and ``post_delete``
are sent by ``save``, ``create``, ``get_or_create`` and ``delete`` of an instance, at once and in
the same transaction; ``update`` and ``bulk_create`` send none.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from redhanded.source.flow.framework import THIS, Callback, Surroundings
from redhanded.source.flow.frameworks.chain import given, links, once, procedure_of
from redhanded.source.flow.frameworks.python_routes import calls_in_factories, decorated
from redhanded.source.flow.frameworks.reading import elements
from redhanded.source.flow.values import Kind, Known, Library, Made, Procedure, Result, Value

SAVED, DELETED = "post_save", "post_delete"


@dataclass(frozen=True, slots=True)
class Receiver:
    """A function that is called for a signal; ``sender`` None: of every model."""

    signal: str
    sender: Kind | None
    function: Procedure


def sent(
    signal: str,
    model: Value | None,
    around: Surroundings,
    *,
    created: Value,
    instance: Value | None = None,
) -> tuple[Callback, ...]:
    """What is called after a row was saved or deleted."""
    if not isinstance(model, Kind):
        return ()
    row = instance if instance is not None else Result(THIS.event, (), model)
    keywords: Mapping[str, Value] = {"sender": model, "instance": row, "created": created}
    return tuple(
        Callback(function=one.function, keywords=keywords)
        for one in once(_receivers, around)
        if one.signal == signal and one.sender in (model, None)
    )


def _receivers(around: Surroundings) -> tuple[Receiver, ...]:
    return (*_decorated(around), *_connected(around))


def _decorated(around: Surroundings) -> Iterator[Receiver]:
    """``@receiver(post_save, sender=Loan)``, also with a list of signals."""
    for here, _, values in decorated(around, "django"):
        for value in values:
            last = links(value)[-1]
            if last.name != "receiver" or last.made is None:
                continue
            signals = given(last.made, 0, "signal")
            for one in elements(signals) or (signals,):
                yield from _receiver(one, last.made, here)


def _connected(around: Surroundings) -> Iterator[Receiver]:
    """``post_save.connect(handler, sender=Loan)``, at the top of a file or in ``ready``."""
    for site in calls_in_factories(around, frozenset({"connect"})):
        function = procedure_of(given(site, 0, "receiver"))
        if function is not None:
            signal = Library(site.callee.package, site.callee.steps[:-1])
            made = Made(site.arguments, site.keywords, site.location)
            yield from _receiver(signal, made, function)


def _receiver(signal: Value | None, made: Made, function: Procedure) -> Iterator[Receiver]:
    name = signal.names[-1] if isinstance(signal, Library) and signal.names else ""
    sender = given(made, -1, "sender")
    is_known = isinstance(sender, Kind) or sender in (None, Known(None))
    if name in (SAVED, DELETED) and is_known:
        yield Receiver(name, sender if isinstance(sender, Kind) else None, function)
