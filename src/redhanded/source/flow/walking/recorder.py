"""The events of one path while it is walked, and what surrounds the place where it stands."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple

from redhanded.case.evidence import Location
from redhanded.source.flow.effects import Effect
from redhanded.source.flow.events import Catcher, Event, Guard, Transaction
from redhanded.source.flow.framework import Meaning
from redhanded.source.flow.values import Computed, Library, Result, Value
from redhanded.source.flow.walking.scope import Journal

ASIDE_MAX = 200
EVENTS_MAX = 1500
GUARDS_MAX = 40
ELSEWHERE = 1_000_000_000
"""Numbers of events that happen while files are loaded: on no path."""


class TooFar(Exception):
    """The budget of a walk is used up."""


class Held(NamedTuple):
    """A lock; with a transaction it goes when that ends."""

    number: int
    transaction: int | None
    effect: Effect


class Open(NamedTuple):
    """A transaction and the values by which a statement is seen to be in it."""

    value: Transaction
    handles: tuple[Value, ...]
    began: Meaning | None = None
    """What began it, if instances that were changed are written before its block ends."""


class Pending(NamedTuple):
    """What happens later: at the next flush of a session, or when a transaction is committed."""

    number: int
    """Tells them apart."""
    effect: Effect | None
    """Of a flush; None: a callback that waits for the commit."""
    transaction: int | None
    act: Callable[[], object]
    session: Value | None = None


class State(NamedTuple):
    """What statements change for those after them."""

    transactions: tuple[Open, ...] = ()
    locks: tuple[Held, ...] = ()
    pending: tuple[Pending, ...] = ()


class Exit(NamedTuple):
    """A ``return``, ``raise`` or jump under a condition: what follows happens without it."""

    kind: str
    guards: tuple[Guard, ...]


class Draft:
    """An event that may still learn whether somebody waits for it."""

    __slots__ = (
        "around", "awaited", "branch", "called", "dropped_at", "is_async", "is_detached", "number",
        "parts", "together_with", "transaction",
    )  # fmt: skip

    def __init__(self, number: int, parts: dict[str, object], is_async: bool) -> None:
        self.number = number
        self.parts = parts
        self.is_async = is_async
        self.awaited = True
        self.is_detached = False
        self.dropped_at: Location | None = None
        self.together_with: int | None = None
        self.branch = 0

    def event(self) -> Event:
        return Event(
            number=self.number,
            awaited=self.awaited,
            is_detached=self.is_detached,
            dropped_at=self.dropped_at,
            together_with=self.together_with,
            branch=self.branch,
            **self.parts,  # type: ignore[arg-type]
        )


class Recorder:
    """Where a walk stands."""

    def __init__(self, first: int = 0) -> None:
        self.first = first
        self.drafts: list[Draft] = []
        self.limits: dict[str, None] = {}
        self.guards: tuple[Guard, ...] = ()
        self.catchers: tuple[Catcher, ...] = ()
        self.stack: tuple[Location, ...] = ()
        self.state = State()
        self.in_loop = False
        self.retried = False
        self.exits: list[Exit] = []
        self.opened: list[Open] = []
        """Every transaction that was begun, and every lock that was taken."""
        self.acquired: list[Held] = []
        self.journal = Journal()
        self.kept = 0
        self.changed: dict[Result, dict[str, Value]] = {}
        """Attributes that were set on what an event gave, until they are written."""
        self.aside: list[Event] = []
        """Calls of libraries that a table describes, but not these calls."""
        self.built: dict[int, tuple[object, tuple[Guard, ...]]] = {}
        """Under which conditions a query was built that is sent later, by its call's identity."""

    @property
    def next_number(self) -> int:
        return self.first + len(self.drafts)

    def set_aside(self, number: int | None) -> None:
        """Takes the last event out of the path, since a table knows the library and says nothing
        of the call."""
        if number is not None and self.drafts and self.drafts[-1].number == number:
            event = self.drafts.pop().event()
            if len(self.aside) < ASIDE_MAX:
                self.aside.append(event)

    def built_under(self, steps: Iterable[object]) -> tuple[Guard, ...]:
        """The conditions of now, and those under which the calls of a query were made."""
        found = list(self.guards)
        known = {id(one) for one in found}
        for step in steps:
            for guard in self.built.get(id(step), (None, ()))[1]:
                if id(guard) not in known and len(found) < GUARDS_MAX:
                    known.add(id(guard))
                    found.append(guard)
        return tuple(found)

    def draft(self, number: int) -> Draft | None:
        """The event with a number; None if it is of another path."""
        place = number - self.first
        return self.drafts[place] if 0 <= place < len(self.drafts) else None

    def record(
        self,
        *,
        location: Location,
        end_line: int,
        callee: str,
        effect: Effect | None,
        result: Value | None = None,
        arguments: tuple[Value, ...] = (),
        keywords: Mapping[str, Value] | None = None,
        is_resolved: bool = True,
        is_async: bool = False,
    ) -> int:
        """Adds an event; its number."""
        number = self.next_number
        if len(self.drafts) >= EVENTS_MAX:
            raise TooFar
        inside = self.transaction_of(effect) if effect else None
        parts: dict[str, object] = {
            "location": location,
            "end_line": end_line,
            "effect": effect,
            "callee": callee,
            "result": result if result is not None else Result(number),
            "arguments": arguments,
            "keywords": keywords or {},
            "stack": self.stack,
            "guards": self.guards,
            "catchers": self.catchers,
            "transaction": inside,
            "around": tuple(one.value for one in self.state.transactions),
            "locks": tuple(one.number for one in self.state.locks),
            "in_loop": self.in_loop,
            "retried": self.retried,
            "is_resolved": is_resolved,
        }
        self.drafts.append(Draft(number, parts, is_async))
        return number

    def transaction_of(self, effect: Effect) -> Transaction | None:
        """The innermost transaction that a statement is in."""
        if effect.store not in ("database", "other"):
            return None
        for one in reversed(self.state.transactions):
            if not one.handles or any(is_handle(effect.session, each) for each in one.handles):
                return one.value
        return None

    def begin_by_itself(self, effect: Effect, number: int) -> None:
        """A statement begins a transaction of its session, if that has none."""
        for one in self.state.transactions:
            if not one.handles or any(is_handle(effect.session, each) for each in one.handles):
                return
        value = Transaction(number=number, isolation=effect.isolation, handle=effect.session)
        self.open(Open(value, () if effect.session is None else (effect.session,)))

    def open(self, one: Open) -> None:
        self.opened.append(one)
        self.state = self.state._replace(transactions=(*self.state.transactions, one))

    def hold(self, one: Held) -> None:
        self.acquired.append(one)
        self.state = self.state._replace(locks=(*self.state.locks, one))

    def release(self, effect: Effect) -> None:
        """The lock of that handle or name is free; else the last one that the library took."""
        locks = self.state.locks
        found = next((one for one in reversed(locks) if _is_lock(effect, one)), None)
        if found is None:
            taken = [one for one in locks if one.effect.kind == "acquire"]
            same = [one for one in taken if one.effect.library == effect.library]
            found = same[-1] if len(same) == 1 else None
        if found is not None:
            number = found.number
            left = tuple(one for one in locks if one.number != number)
            self.state = self.state._replace(locks=left)

    def end_transaction(self, one: Open) -> None:
        """It and the locks that its statements took are gone."""
        number = one.value.number
        self.state = self.state._replace(
            transactions=tuple(
                each for each in self.state.transactions if each.value.number != number
            ),
            locks=tuple(each for each in self.state.locks if each.transaction != number),
        )

    def leave(self, one: Open) -> None:
        """A block ends its transaction whatever happens: where an error that left the block is
        handled, nothing of it is open."""
        number = one.value.number
        self.end_transaction(one)
        self.opened = [each for each in self.opened if each.value.number != number]
        self.acquired = [each for each in self.acquired if each.transaction != number]

    def let_go(self, number: int) -> None:
        """A block gives its lock back whatever happens."""
        self.acquired = [each for each in self.acquired if each.number != number]

    def later(
        self,
        act: Callable[[], object],
        *,
        effect: Effect | None = None,
        transaction: int | None = None,
    ) -> None:
        """Keeps something for the next flush or commit: it happens there, under the conditions and
        in the loop in which it was asked for."""
        self.kept += 1
        session = effect.session if effect is not None else None
        one = Pending(self.kept, effect, transaction, self._as_asked(act), session)
        self.state = self.state._replace(pending=(*self.state.pending, one))

    def _as_asked(self, act: Callable[[], object]) -> Callable[[], object]:
        guards, stack, in_loop = self.guards, self.stack, self.in_loop

        def asked() -> object:
            here = (self.guards, self.stack, self.in_loop)
            known = {id(one) for one in guards}
            both = (*guards, *(one for one in here[0] if id(one) not in known))
            self.guards, self.stack = both[:GUARDS_MAX], stack
            self.in_loop = in_loop or here[2]
            try:
                return act()
            finally:
                self.guards, self.stack, self.in_loop = here

        return asked

    def take(self, wanted: Callable[[Pending], bool]) -> list[Pending]:
        """What was kept and happens now."""
        found = [one for one in self.state.pending if wanted(one)]
        if found:
            left = tuple(one for one in self.state.pending if not wanted(one))
            self.state = self.state._replace(pending=left)
        return found

    def add_guard(self, guard: Guard) -> None:
        if len(self.guards) < GUARDS_MAX:
            self.guards = (*self.guards, guard)

    def without(
        self, base: tuple[Guard, ...], mark: int, kinds: frozenset[str]
    ) -> tuple[Guard, ...]:
        """``base`` and that none of the exits since ``mark`` was taken."""
        guards = list(base)
        for one in self.exits[mark:]:
            if one.kind not in kinds or not starts_with(one.guards, base):
                continue
            known = {id(guard) for guard in guards}
            rest = [guard for guard in one.guards[len(base) :] if id(guard) not in known]
            if rest and len(guards) < GUARDS_MAX:
                guards.append(negated(rest))
        return tuple(guards)

    def events(self) -> tuple[Event, ...]:
        return tuple(one.event() for one in self.drafts)


def _is_lock(release: Effect, held: Held) -> bool:
    handle = release.entity if release.entity is not None else release.session
    if isinstance(handle, Result) and handle.event == held.number:
        return True
    if release.subject is not None and release.subject == held.effect.subject:
        return True
    mine = held.effect.session
    return release.subject is None and mine is not None and is_handle(release.session, mine)


def starts_with(guards: tuple[Guard, ...], base: tuple[Guard, ...]) -> bool:
    """Told by identity: values may be large."""
    return len(guards) >= len(base) and all(
        one is other for one, other in zip(guards, base, strict=False)
    )


def negated(guards: list[Guard]) -> Guard:
    """That not all of these hold."""
    if len(guards) == 1:
        (only,) = guards
        return Guard(test=only.test, holds=not only.holds, location=only.location)
    tests = tuple(one.test if one.holds else _not(one.test) for one in guards)
    return Guard(test=Computed("and", tests), holds=False, location=guards[-1].location)


def _not(test: Value) -> Value:
    if isinstance(test, Computed) and test.operator == "not":
        return test.operands[0]
    return Computed("not", (test,))


def is_handle(session: Value | None, handle: Value) -> bool:
    """Whether a statement's session is a transaction's handle, or may be."""
    if session is None:
        return False
    if session is handle:
        return True
    if isinstance(session, Result) and isinstance(handle, Result):
        return session.event == handle.event
    if isinstance(session, Library) and isinstance(handle, Library):
        return session.package == handle.package and session.steps == handle.steps
    values = getattr(session, "values", None)
    if isinstance(values, tuple):  # Either
        return any(is_handle(one, handle) for one in values)
    return type(session) is type(handle) and session == handle
