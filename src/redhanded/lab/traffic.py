"""All messages of a system: parked on arrival, released one at a time, their causes kept.

Because one answer is delivered at a time, whatever a process sends before it comes to rest again
was caused by that answer. That is how the causal tree of a run is measured.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace

from redhanded.case.errors import WireError
from redhanded.lab.causes import Causes
from redhanded.lab.channel_state import ChannelState, gets_an_answer, is_notification
from redhanded.lab.clock import monotonic_ms
from redhanded.lab.describe import (
    Description,
    describe_http,
    describe_redis,
    describe_sql,
)
from redhanded.lab.doubts import may_be_a_timers
from redhanded.lab.held import UNKNOWN_TASK, Held
from redhanded.lab.late import Late
from redhanded.lab.notices import Notices
from redhanded.lab.passing import Passing
from redhanded.lab.proxy import Channel
from redhanded.lab.surroundings import Surroundings
from redhanded.lab.wire.redis import RedisStream
from redhanded.lab.wire.unit import Answer, Unit

ANSWER_BYTES_KEPT = 65_536
LISTENING = ("LISTEN", "UNLISTEN")


class Traffic(Passing):
    """The owner of all channels; see ``proxy.Owner``."""

    def __init__(self, roles: dict[str, str], surroundings: Surroundings) -> None:
        super().__init__()
        self.taking_back = False
        """Consumers are called back from the server; the empty answers are not for them."""
        self.parked: list[Held] = []
        self.in_flight: Held | None = None
        self.locked: list[Held] = []
        self.notes: dict[str, None] = {}
        """What could not be controlled, each once."""
        self.variable: tuple[str, ...] = ()
        self.paused = False
        """Somebody waits for what comes after a pause of the application."""
        self.on_timer: Callable[[Held], None] | None = None
        self._roles = roles
        self._around = surroundings
        self.causes = Causes(surroundings.keys, surroundings.rows)
        self.notices = Notices(surroundings.admin, self.in_transaction)
        self._started_ms = 0.0
        self.moved_ms: Callable[[], float] = lambda: 0.0  # How far lab time is ahead.

    def begin(self, variable: Iterable[str]) -> None:
        """Starts a trial: forgets the last one, keeps what is parked (blocked consumers)."""
        self.locked = []
        self.in_flight = None
        self.variable = tuple(variable)
        self.wire_failures.clear()
        self.causes.begin(
            {channel.route.service for channel in self.states if channel.route.kind == "redis"},
            [key for held in self.parked if held.blocking for key in held.blocking.keys],
            {channel.route.service for channel in self.states if channel.route.kind == "postgres"},
        )
        self.notices.begin()
        self._started_ms = monotonic_ms() + self.moved_ms()
        for state in self.states.values():
            state.set_pace(held=self.holding)
        for held in self.parked:
            blocked = held.blocking is not None
            held.cause, held.task, held.ambient = None, UNKNOWN_TASK, not blocked

    def call(self, process: str, role: str) -> None:
        """Says which role a process has that was not there from the beginning."""
        self._roles[process] = role

    def now_ms(self) -> float:
        return monotonic_ms() + self.moved_ms() - self._started_ms

    @property
    def done(self) -> list[Held]:
        """All released operations of the trial, in the order of release."""
        return self.causes.done

    # What the proxies tell.

    def arrived(self, channel: Channel, unit: Unit) -> None:
        if channel.route.kind == "redis" and unit.arguments:
            self._scripts.learn(unit.arguments)
        if unit.kind in LISTENING:
            self.notices.went_by(channel, unit)
        if not self.holding or not unit.held or unit.silent:
            if self.late is not None and unit.held:
                self.late.begin(channel, unit, self._pass_on)
            self._pass_on(channel)
            return
        held = self._hold(channel, unit)
        self.states[channel].held[unit.serial] = held
        self.parked.append(held)

    def passed(self, channel: Channel, unit: Unit) -> None:
        if unit.kind in LISTENING:
            self.notices.went_by(channel, unit)
        super().passed(channel, unit)

    def answered(self, channel: Channel, answer: Answer) -> None:
        state = self.states.get(channel)
        if is_notification(channel, answer):
            self.causes.wake(channel.route.process)
        if state is not None and answer.complete and self._took_back(state, answer):
            return
        held = state.held.get(answer.serial) if state and answer.serial is not None else None
        if answer.failure is not None:
            self.wire_failures.append((channel.route.process, answer.failure))
        if held is None or state is None or held.state == "parked":
            if state is not None and answer.complete:
                state.settle(answer)
            if held is not None and held.unit is not None and not answer.raw:
                self._skip(channel, held.unit)
            channel.deliver(answer.raw)
            return
        if len(held.answer) < ANSWER_BYTES_KEPT:
            held.answer += answer.raw[:ANSWER_BYTES_KEPT]
        held.kept.append(answer.raw)
        if held.state == "locked":
            if answer.complete:
                self._complete(state, held, answer, "ready")
            return
        if answer.complete:
            self._complete(state, held, answer, "done")
            # The process works on it while the lab learns what it needs to know.
            self.deliver_kept(held)
            if not held.withheld:
                self.causes.delivered(held)
        elif held is not self.in_flight:
            self.deliver_kept(held)

    def closed(self, channel: Channel) -> None:
        self.notes.update(self.refusal_of(channel))
        self.notices.closed(channel)
        self._lose(self.states.pop(channel, None))

    def _skip(self, channel: Channel, unit: Unit) -> None:
        """In a broken pipeline the server passes over ``unit``: it goes on without being held."""
        self.parked.remove(self.states[channel].held.pop(unit.serial))
        channel.waiting[channel.waiting.index(unit)] = replace(unit, silent=True)
        self._pass_on(channel)

    def _lose(self, state: ChannelState | None) -> None:
        """Forgets what was under way on a connection."""
        for held in list(state.held.values()) if state else []:
            held.state = "lost"
            if held in self.parked:
                self.parked.remove(held)
            if held in self.locked:
                self.locked.remove(held)
            if held is self.in_flight:
                self.in_flight = None

    def broken(self, channel: Channel, error: WireError) -> None:
        self.notes[
            f"{channel.route.process} → {channel.route.service}: not controlled from here on, "
            f"the bytes are not {channel.route.kind} ({error})"
        ] = None
        state = self.states.get(channel)
        if state is not None:
            for held in list(state.held.values()):
                self.deliver_kept(held)
            self._lose(state)
            self.states[channel] = ChannelState(channel)

    # What the trial asks for.

    def heads(self) -> list[Held]:
        """Parked operations that nothing on their own connection stands before."""
        self._take_unfinished()
        return [held for held in self.parked if held.unit is None or self._is_head(held)]

    def release(self, held: Held) -> None:
        """Sends one parked operation on; its answer will be delivered when it comes."""
        self.parked.remove(held)
        self.causes.take_place(held, self.now_ms())
        if held.channel is None:
            return
        peer = held.service in self._roles
        if peer:
            self.causes.tell(held.service, held)
        self.forwarded[held.service] += 1
        held.channel.forward()
        self._pass_on(held.channel)
        if held.unit is not None and (held.unit.waits or peer):
            if held.unit.waits:
                self.notes[
                    f"{held.process}: {held.kind} on {held.service} waits at the server; whom it "
                    "serves is not controlled"
                ] = None
            return
        if held.state == "sent":
            self.in_flight = held

    def let_start(self, process: str) -> None:
        """Lets go what a process sends to get ready, if anything is held now."""
        for held in self.heads() if self._holding else ():
            if held.process == process and held.ambient and held.blocking is None:
                self.release(held)

    def start(self, held: Held) -> None:
        """Marks a delivery as released; the caller sends it."""
        self.parked.remove(held)
        self.causes.take_place(held, self.now_ms())
        self.causes.tell(held.service, held)
        held.state = "done"
        held.replied_ms = self.now_ms()

    def answer_empty(self, held: Held) -> None:
        """Tells a blocked consumer that its time is over."""
        if held.unit is None or held.blocking is None or held.channel is None:
            return
        self.parked.remove(held)
        self.states[held.channel].held.pop(held.unit.serial, None)
        held.channel.reply(held.blocking.empty_reply)
        self._pass_on(held.channel)

    def deliver_ready(self) -> bool:
        """Delivers one answer that had waited for a lock; False if there is none."""
        for held in self.locked:
            if held.state == "ready" and held.channel is not None:
                self.locked.remove(held)
                self.causes.next_step()
                held.state = "done"
                self.deliver_kept(held)
                if not held.withheld:
                    self.causes.delivered(held)
                return True
        return False

    def deliver_kept(self, held: Held) -> None:
        """Delivers what came of an answer so far.

        An answer is delivered whole, so that a client which acts on the first piece (an error, say,
        before the server is ready again) cannot be faster than the rest of it.
        """
        if held.withheld:
            return
        pieces, held.kept = b"".join(held.kept), []
        if held.channel is not None and pieces:
            held.channel.deliver(pieces)

    def lock_found(self, held: Held) -> None:
        """The server holds ``held`` back: the trial goes on without its answer."""
        held.state, held.waited_for_lock = "locked", True
        self.locked.append(held)
        self.in_flight = None

    def forward_all(self) -> None:
        """Stops holding: everything that is parked goes on now."""
        self.holding = False
        for state in self.states.values():
            state.set_pace(held=self.holding)
        self._take_unfinished()
        for state in list(self.states.values()):
            while state.channel.waiting:
                self._forward(state.channel)
        for held in self.parked:
            held.state = "sent"
        self.parked.clear()

    def let_come(self, late: Late | None) -> None:
        """Says how what is not held comes from now on: late, or (None) at once."""
        self.late = late
        for state in list(self.states.values()):
            self._let_pass(state)
            self._pass_on(state.channel)

    # Inside.

    def _pass_on(self, channel: Channel) -> None:
        """Forwards from the head for as long as nothing there has to be held."""
        while channel.waiting:
            head = channel.waiting[0]
            if self.holding and head.held and not head.silent:
                return
            if self.late is not None and head.held and self.late.early(channel, head):
                return
            if channel in self.states and gets_an_answer(head):
                self.states[channel].owed.append(head.serial)
            self._forward(channel)

    def _forward(self, channel: Channel) -> None:
        """Sends the oldest unit on without a trial's knowledge."""
        self.forwarded[channel.route.service] += 1
        unit = channel.forward()
        if unit.blocking is not None and channel in self.states:
            self.states[channel].blocked[unit.serial] = unit

    def _take_unfinished(self) -> None:
        """Requests whose client may be waiting for the answer before it sends the rest."""
        for state in list(self.states.values()):
            for unit in state.unfinished():
                state.channel.waiting.append(unit)
                self.arrived(state.channel, unit)

    def _took_back(self, state: ChannelState, answer: Answer) -> bool:
        """Parks a consumer that was called back from the server, as if it had just come.

        Its process is told nothing: one that waits for ever never gets an empty answer in life.
        """
        unit = None if answer.serial is None else state.blocked.pop(answer.serial, None)
        channel = state.channel
        stream = channel.stream
        if unit is None or unit.blocking is None or not isinstance(stream, RedisStream):
            return False
        empty = answer.raw == unit.blocking.empty_reply
        if not (self.taking_back and empty and stream.repeat(unit)):
            return False
        channel.waiting.appendleft(unit)
        held = self._hold(channel, unit)
        state.held[unit.serial] = held
        self.parked.append(held)
        return True

    def _is_head(self, held: Held) -> bool:
        channel = held.channel
        if channel is None or not channel.waiting or channel.waiting[0] is not held.unit:
            return False
        state = self.states.get(channel)
        return state is not None and not any(
            other.state in ("sent", "locked", "ready") for other in state.held.values()
        )

    def _hold(self, channel: Channel, unit: Unit) -> Held:
        route = channel.route
        description = self._describe(channel, unit)
        cause = self.causes.of(route.process)
        ambient = cause is None or self.causes.is_prelude(cause)
        held = Held(
            protocol=route.protocol,
            process=route.process,
            role=self._roles.get(route.process, route.process),
            service=route.service,
            kind=description.kind,
            target=description.target,
            access=description.access,
            text=description.text,
            fingerprint=description.fingerprint,
            touches=description.touches,
            cause=cause,
            task=UNKNOWN_TASK if cause is None else self.causes.task_after(cause),
            arrived_ms=self.now_ms(),
            ambient=ambient,
            free=not description.touches and route.service not in self._roles,
            uncommitted=description.uncommitted,
            channel=channel,
            unit=unit,
            transaction=description.transaction,
            stack=self._around.stack(channel.port, *channel.client.sent_at(unit.offset)),
        )
        if unit.blocking is not None:
            held.task, held.ambient, held.free = UNKNOWN_TASK, False, False
            return held
        if cause is not None and self.causes.only_house(cause):
            self.causes.follow_house(held, cause)
        fired = self._around.timer_fired
        perhaps = not ambient and may_be_a_timers(held, self.causes, fired)
        if self.causes.keeps_house(held, ambient, perhaps, self.paused):
            self.causes.set_aside(held)
        elif ambient and self.on_timer is not None:
            self.on_timer(held)
        self.causes.count(held)
        return held

    def _describe(self, channel: Channel, unit: Unit) -> Description:
        route = channel.route
        if route.kind == "postgres":
            catalogue = self._around.catalogue(route.service)
            transaction = self.states[channel].transaction
            return describe_sql(unit, route.service, transaction, catalogue, self.variable)
        if route.kind == "redis":
            keys = self._around.specifications(route.service)
            return describe_redis(unit, route.service, keys, self._scripts, self.variable)
        return describe_http(unit, self.variable)

    def _complete(self, state: ChannelState, held: Held, answer: Answer, reached: str) -> None:
        held.state = "ready" if reached == "ready" else "done"
        held.rows, held.failure = answer.rows, answer.failure
        held.replied_ms = self.now_ms()
        if held.protocol == "postgres":
            self.notices.done(held)
        if held.unit is not None:
            state.held.pop(held.unit.serial, None)
            self._let_pass(state)
        if held is self.in_flight:
            self.in_flight = None
        if answer.transaction == "idle":
            state.transaction.open, state.transaction.writes = False, []
