"""What goes by without being held, and the account that is kept of it."""

from __future__ import annotations

from collections import Counter

from redhanded.case.operation import WireFailure
from redhanded.lab.channel_state import ChannelState, gets_an_answer
from redhanded.lab.describe import Scripts
from redhanded.lab.late import Late
from redhanded.lab.lookers import Lookers
from redhanded.lab.proxy import Channel, Route
from redhanded.lab.wire.unit import Answer, Unit


class Passing:
    """All open channels, and what passed there."""

    def __init__(self) -> None:
        self.states: dict[Channel, ChannelState] = {}
        self.forwarded: Counter[str] = Counter()
        """How many units each service was sent."""
        self.wire_failures: list[tuple[str, WireFailure]] = []
        """Process and error, also while nothing is held."""
        self.lookers = Lookers()
        self.late: Late | None = None
        """Where there is one, what goes by while nothing is held waits until it is due."""
        self._insisting: dict[Route, None] = {}
        self._scripts = Scripts()
        self._holding = False

    @property
    def holding(self) -> bool:
        """Whether what arrives is parked; else it goes on, and is read when there is time."""
        return self._holding

    @holding.setter
    def holding(self, holding: bool) -> None:
        self._holding = holding
        for state in self.states.values():
            self._let_pass(state)
        self.catch_up()

    def catch_up(self) -> None:
        """Reads what went on without having been read."""
        for channel in tuple(self.states):
            channel.catch_up()

    def hang_up(self) -> None:
        """Closes every connection, on both sides."""
        for channel in tuple(self.states):
            channel.close()
        self.states.clear()

    def opened(self, channel: Channel) -> None:
        self.states[channel] = state = ChannelState(channel)
        state.set_pace(held=self.holding)
        self._let_pass(state)

    def passed(self, channel: Channel, unit: Unit) -> None:
        self._scripts.learn(unit.arguments)
        state = self.states.get(channel)
        if state is None:
            return
        self.forwarded[channel.route.service] += 1
        self.lookers.passed(channel, unit)
        if gets_an_answer(unit):
            state.owed.append(unit.serial)
        if unit.blocking is not None:
            state.blocked[unit.serial] = unit

    def passed_back(self, channel: Channel, answer: Answer) -> None:
        state = self.states.get(channel)
        if answer.failure is not None:
            self.wire_failures.append((channel.route.process, answer.failure))
        self.lookers.passed_back(channel, answer)
        if state is not None and answer.complete:
            if answer.serial is not None:
                state.blocked.pop(answer.serial, None)
            state.settle(answer)

    def refusal_of(self, channel: Channel) -> dict[str, None]:
        """The sentence for a connection that ends, if it was refused; else nothing."""
        route = channel.route
        if channel.insists:
            self._insisting[route] = None
        elif channel.stream.passable:
            self._insisting.pop(route, None)
        why = channel.client.refusal
        return {f"{route.process} → {route.service}: {why}": None} if why else {}

    def refused(self) -> list[str]:
        """A sentence for each process that wanted encryption from a service and is not served now;
        some ask once and then come without."""
        served = {channel.route for channel in self.states if channel.stream.passable}
        return [
            f"{route.process} → {route.service}: asks for an encrypted connection and goes away "
            f"when that is refused; say `tls = true` in [services.{route.service}]"
            for route in self._insisting
            if route not in served
        ]

    def owes(self) -> bool:
        """Whether a service still has to answer something that was not held: a connection that is
        being opened, the beginning of a MULTI block, anything while nothing is held."""
        if not self._holding:
            self.catch_up()
        return any(state.owed for state in self.states.values())

    def waits_at_server(self) -> bool:
        """Whether a consumer waits where the lab cannot decide whom it serves."""
        self.catch_up()
        return any(state.blocked for state in self.states.values())

    def consumers(self) -> Counter[str]:
        """How many consumers of each process wait at a server."""
        self.catch_up()
        found: Counter[str] = Counter()
        for state in self.states.values():
            if state.blocked:
                found[state.channel.route.process] += len(state.blocked)
        return found

    def in_transaction(self, channel: Channel) -> bool:
        """Whether a transaction of PostgreSQL is known to be open there."""
        state = self.states.get(channel)
        return state is not None and state.transaction.open

    def still_to_look(self) -> bool:
        """Whether a process that looks for jobs may have something to do."""
        if not self.lookers.any:
            return False
        self.catch_up()
        return self.lookers.still_to_look()

    def _let_pass(self, state: ChannelState) -> None:
        """What was held has to be answered before the rest may go on unread."""
        at_once = not self._holding and self.late is None
        state.channel.passing = at_once and not state.held
