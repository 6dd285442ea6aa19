"""A framework that is a few functions."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from redhanded.source.flow.framework import (
    CallSite,
    FoundEntry,
    Meaning,
    Moment,
    Mount,
    Surroundings,
)
from redhanded.source.flow.values import Kind, Library, Value


def _no_meaning(site: CallSite, around: Surroundings) -> Meaning | None:
    return None


def _no_end(value: Library, moment: Moment, around: Surroundings) -> Meaning | None:
    return None


def _no_entries(around: Surroundings) -> Iterable[FoundEntry | Mount]:
    return ()


def _no_registration(site: CallSite, around: Surroundings) -> Iterable[FoundEntry | Mount]:
    return ()


def _no_relation(of: Kind, name: str, around: Surroundings) -> Value | None:
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class LibraryTable:
    """A `Framework` of those functions that a library needs; see there."""

    name: str
    packages: tuple[str, ...]
    calls: Callable[[CallSite, Surroundings], Meaning | None] = _no_meaning
    settles: Callable[[Library, Moment, Surroundings], Meaning | None] = _no_end
    declares: Callable[[Surroundings], Iterable[FoundEntry | Mount]] = _no_entries
    registers: Callable[[CallSite, Surroundings], Iterable[FoundEntry | Mount]] = _no_registration

    relates: Callable[[Kind, str, Surroundings], Value | None] = _no_relation

    def call(self, site: CallSite, around: Surroundings) -> Meaning | None:
        return self.calls(site, around)

    def settle(self, value: Library, moment: Moment, around: Surroundings) -> Meaning | None:
        return self.settles(value, moment, around)

    def entries(self, around: Surroundings) -> Iterable[FoundEntry | Mount]:
        return self.declares(around)

    def registered(self, site: CallSite, around: Surroundings) -> Iterable[FoundEntry | Mount]:
        return self.registers(site, around)

    def part(self, of: Kind, name: str, around: Surroundings) -> Value | None:
        return self.relates(of, name, around)
