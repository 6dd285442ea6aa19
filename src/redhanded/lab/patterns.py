"""The patterns that ``predict`` looks for in two tasks of a serial run, or in one."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import combinations, pairwise
from typing import Literal

from redhanded.case.operation import Operation
from redhanded.case.schedule import Constraint, Schedule
from redhanded.lab import protection
from redhanded.lab.chains import Chain, depend, writes

Pattern = Literal[
    "stale read",
    "late act",
    "half done",
    "race within a task",
    "opposite locks",
    "lock is taken",
    "lease ends",
    "overlap in a statement",
    "timer meanwhile",
    "fault",
]
_CATALOGUE = re.compile(r"\b(information_schema|pg_catalog|pg_class|pg_tables|to_regclass)\b")
_DEFINING = ("CREATE", "ALTER", "DROP")
_OVERWRITING = ("UPDATE", "DELETE", "MERGE")
SNAPSHOTS = ("repeatable read", "serializable")
"""Levels at which a transaction that would overwrite an unseen change is turned away."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Prediction:
    """An order that may fail, and why it was thought of."""

    schedule: Schedule
    first: int
    """Index in the serial run of the operation that is to come late."""
    second: int
    """Index of the one that is to come early; in the place of the same request's first delivery
    where the second one did not get there."""
    why: str
    pattern: Pattern = "stale read"


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A prediction with its place in the order of trials."""

    rank: tuple[int, ...]
    """Smaller is more promising."""
    alike: tuple[object, ...]
    """Of those that are equal here, only the most promising is kept."""
    prediction: Prediction


@dataclass(frozen=True, slots=True)
class Pair:
    """Two tasks, in the order in which the serial run had them."""

    first: Chain
    second: Chain
    tables: frozenset[str]
    deliveries: int

    def stale_reads(self) -> Iterator[Found]:
        """``first`` has read, all of ``second`` happens, ``first`` acts."""
        possible = self.second.may_do(self.first)
        for read, write in acts(self.first):
            if self._kept_out(read, write, self.first, self.second):
                continue
            if not any(_overwrites(other, read) for other in possible):
                continue
            early = self.early(read, write, possible)
            if early is None:
                continue
            yield Found(
                rank=(0, *self.rank(read, write), early.name.access == "write", write.index),
                alike=(self.first.request, self.second.request, _shape(read)),
                prediction=self._prediction(
                    [self.before(early, write)], write, early, "stale read"
                ),
            )

    def stale_catalogue(self) -> Iterator[Found]:
        """``first`` has looked which tables there are, ``second`` does too, ``first`` makes one."""
        possible = self.second.may_do(self.first)
        for change in self.first.operations:
            looks = [
                each
                for each in self.first.operations
                if _CATALOGUE.search(each.text) and self.first.leads(each, change)
            ]
            if not looks or not change.name.kind.startswith(_DEFINING):
                continue
            held = protection.held_at(change, self.first.operations)
            for other in possible:
                same = _shape(other) == _shape(looks[-1]) and _CATALOGUE.search(other.text)
                if same and not protection.blocked(other, possible, held):
                    yield Found(
                        rank=(1, *self.rank(looks[-1], change), 0, change.index),
                        alike=("catalogue", self.first.request, self.second.request),
                        prediction=self._prediction([(other, change)], change, other, "stale read"),
                    )

    def late_acts(self) -> Iterator[Found]:
        """``second`` has read, ``first`` writes, ``second`` acts."""
        for read, write in acts(self.second):
            changes = [other for other in self.first.operations if _overwrites(other, read)]
            closing = [other for other in self.first.operations if depend(other, write)]
            if not changes or not closing:
                continue
            if self._kept_out(read, write, self.second, self.first):
                continue
            held = protection.held_at(changes[0], self.first.operations)
            if protection.blocked(read, self.second.operations, held):
                continue
            last = max((changes[0], closing[-1]), key=lambda operation: operation.index)
            orders = [(read, changes[0]), self.before(last, write)]
            if orders[1][1] is read:
                if changes[0].index <= orders[1][0].index:
                    continue  # What was changed would be read.
                del orders[0]
            yield Found(
                rank=(1, *self.rank(read, write), 0, write.index),
                alike=(self.first.request, self.second.request, _shape(read)),
                prediction=self._prediction(orders, changes[0], read, "late act"),
            )

    def half_done(self) -> Iterator[Found]:
        """``first`` changes something in two steps, ``second`` looks at it in between.

        Only where the serial run shows no act of ``second`` on what it saw: there it came too
        late to have a reason.
        """
        acting = {read.index for read, _ in acts(self.second)}
        for read in self.second.operations:
            if read.name.access != "read" or not read.touches or read.index in acting:
                continue
            steps = [each for each in self.first.operations if _overwrites(each, read)]
            for one, other in pairwise(steps):
                held = protection.held_at(other, self.first.operations)
                if protection.same_transaction(one, other) or protection.blocked(
                    read, self.second.operations, held
                ):
                    continue
                yield Found(
                    rank=(3, *self.rank(read, other), 0, -other.index),
                    alike=("half done", self.first.request, self.second.request, _shape(read)),
                    prediction=self._prediction([(read, other)], other, read, "half done"),
                )

    def opposite_locks(self, rank: int) -> Iterator[Found]:
        """Each waits for a row that the other has written in a transaction that is still open."""
        for one, other in _locked_together(self.first):
            for early, late in _locked_together(self.second):
                met = early.touches and depend(early, other) and depend(late, one)
                held = protection.held_at(other, self.first.operations)
                if met and not protection.blocked(early, self.second.operations, held):
                    yield Found(
                        rank=(rank, *self.rank(one, other), 0, other.index),
                        alike=("locks", self.first.request, self.second.request),
                        prediction=self._prediction(
                            [(early, other)], other, early, "opposite locks"
                        ),
                    )

    def taken_locks(self) -> Iterator[Found]:
        """``second`` tries for a lock that ``first`` has not given back."""
        possible = self.second.may_do(self.first)
        for lock in self.first.operations:
            release = protection.tries(lock, self.first.operations)
            if release is None:
                continue
            for other in possible:
                if protection.tries(other, possible) is not None and depend(other, lock):
                    yield Found(
                        rank=(-1, *self.rank(lock, release), 0, release.index),
                        alike=("tried", self.first.request, self.second.request, _shape(lock)),
                        prediction=self._prediction(
                            [(other, release)], release, other, "lock is taken"
                        ),
                    )

    def early(
        self,
        read: Operation,
        write: Operation,
        possible: Iterable[Operation],
        without: Operation | None = None,
    ) -> Operation | None:
        """What ``second`` has to have done before ``first`` acts: a read of it if there is one.

        Only what a lease keeps out, ``without`` which it would not wait, if that is given.
        """
        possible = tuple(possible)
        held = protection.held_at(write, self.first.operations)
        open_ = [other for other in possible if depend(other, write)]
        if without is not None:
            open_ = [other for other in open_ if protection.blocked(other, possible, held)]
            held = tuple(touch for touch in held if touch not in without.touches)
        open_ = [other for other in open_ if not protection.blocked(other, possible, held)]
        reads = [other for other in open_ if other.name.access == "read"]
        return next(iter((*reads, *open_)), None)

    def before(self, early: Operation, late: Operation) -> tuple[Operation, Operation]:
        """What has to be ordered for ``early`` to come before ``late``.

        Where both go over one connection, what was sent first goes first, so what leads to them is
        ordered instead.
        """
        shared = early.name.protocol == "redis" and (
            (early.process, early.service, early.connection)
            == (late.process, late.service, late.connection)
        )
        if not shared:
            return early, late
        before, after = self._parent(early), self._parent(late)
        return (before, after) if before is not None and after is not None else (early, late)

    def _parent(self, operation: Operation) -> Operation | None:
        """What led to it, in its own task."""
        for other in (*self.first.operations, *self.second.operations):
            if other.index == operation.parent:
                task = operation.name.task
                return (
                    other
                    if other.name.task == task
                    else replace(other, name=replace(other.name, task=task))
                )
        return None

    def _kept_out(self, read: Operation, write: Operation, reader: Chain, other: Chain) -> bool:
        """Whether the write looks again, or is turned away if what was read has changed."""
        done = protection.statements(write, reader.operations)
        same_place = {touch.resource for touch in read.touches}
        acting = [each for each in done if writes(each) & same_place] or list(done)
        if all(protection.guarded(each, reader.operations) for each in acting):
            return True
        if not any(protection.same_transaction(read, each) for each in acting):
            return False
        changes = [each for each in other.operations if _changes(each, read)]
        changes = changes or [each for each in other.may_do(reader) if _changes(each, read)]
        everything = (*reader.operations, *other.operations)
        mine = protection.level(read, everything)
        if mine == "serializable":
            return {protection.level(each, everything) for each in changes} == {"serializable"}
        overwritten = any(
            _same_row(each, change)
            for each in acting
            if each.name.kind in _OVERWRITING
            for change in changes
        )
        return mine in SNAPSHOTS and overwritten

    def rank(self, read: Operation, write: Operation) -> tuple[int, int, int]:
        place = {touch.resource for touch in read.touches}
        named = bool((place | writes(write)) & self.tables) or "*" in place
        return (
            0 if named else 1,
            0 if read.name.protocol == "postgres" else 1,
            0 if place & writes(write) else 1,
        )

    def _prediction(
        self,
        orders: list[tuple[Operation, Operation]],
        late: Operation,
        early: Operation,
        pattern: Pattern,
    ) -> Prediction:
        constraints = tuple(Constraint(before=one.name, after=two.name) for one, two in orders)
        return Prediction(
            schedule=Schedule(constraints=constraints, deliveries=self.deliveries),
            first=late.index,
            second=early.index,
            why=f"{early.name} sees what {late.name} leaves behind",
            pattern=pattern,
        )


def acts(task: Chain) -> Iterator[tuple[Operation, Operation]]:
    """A plain read, and a write of the same task that may rest on it."""
    for read in task.operations:
        if read.name.access != "read" or not read.touches:
            continue
        for write in task.operations:
            if write.name.access == "write" and write.touches and task.leads(read, write):
                yield read, write


def _overwrites(write: Operation, read: Operation) -> bool:
    """Whether what was read is changed for others to see by ``write``."""
    return write.name.access == "write" and depend(write, read)


def _changes(write: Operation, read: Operation) -> bool:
    """The same, also where a later COMMIT shows it."""
    return any(
        mine.access == "write" and mine.conflicts(theirs)
        for mine in write.touches
        for theirs in read.touches
    )


def _same_row(one: Operation, other: Operation) -> bool:
    return any(
        mine.access == theirs.access == "write" and mine.conflicts(theirs)
        for mine in one.touches
        for theirs in other.touches
    )


def within(task: Chain, tables: frozenset[str], deliveries: int) -> Iterator[Found]:
    """A read and a write of one task in two processes, neither of which led to the other."""
    for place, later in enumerate(task.operations):
        for earlier in task.operations[:place]:
            together = {earlier.name.access, later.name.access} == {"read", "write"}
            if not together or earlier.process == later.process or not depend(earlier, later):
                continue
            if earlier.index in task.causes[later.index]:
                continue
            named = any(touch.resource in tables for touch in later.touches)
            database = later.name.protocol == "postgres"
            constraint = Constraint(before=later.name, after=earlier.name)
            yield Found(
                rank=(0, 0 if named else 1, 0 if database else 1, 0, 0, later.index),
                alike=("within", task.request, _shape(later), _shape(earlier)),
                prediction=Prediction(
                    schedule=Schedule(constraints=(constraint,), deliveries=deliveries),
                    first=earlier.index,
                    second=later.index,
                    why=f"{later.name} does not wait for {earlier.name}",
                    pattern="race within a task",
                ),
            )


def _locked_together(task: Chain) -> Iterator[tuple[Operation, Operation]]:
    """Two writes of known rows in the same transaction, in their order."""
    locking = [
        operation
        for operation in task.operations
        if operation.transaction is not None
        and operation.name.kind != "COMMIT"
        and any(touch.access == "write" and touch.row for touch in operation.touches)
    ]
    for one, other in combinations(locking, 2):
        if protection.same_transaction(one, other):
            yield one, other


def _shape(operation: Operation) -> tuple[str, str, str]:
    return (operation.name.role, operation.name.kind, operation.name.target)
