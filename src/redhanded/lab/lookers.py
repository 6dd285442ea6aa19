"""Processes that look for jobs while nothing is held: whether each has done what there was to do.

Where they look from time to time, each has to since anything else went by: there may be a job.
Where jobs are rows of PostgreSQL, one whose last look returned a row is at work until it looks
again; one that a notification wakes looks at once, so that nothing is expected of it.
"""

from __future__ import annotations

from redhanded.lab.footprint import fingerprint
from redhanded.lab.job_rows import answered_rows
from redhanded.lab.polls import House, Poll, Polls, Said, said_of
from redhanded.lab.proxy import Channel
from redhanded.lab.wire.unit import Answer, Unit

ANSWER_BYTES_KEPT = 65_536


class Lookers:
    """Which of them may have something to do."""

    def __init__(self) -> None:
        self._known = Polls()
        self._polls: dict[tuple[str, str, tuple[bytes, ...]], tuple[House, Poll]] = {}
        """By role, service and shape: where one script does it all (Dramatiq), another role sends
        the like to queue a job."""
        self._looked: dict[str, bool] = {}
        """Processes that look from time to time, and whether they did since anything else went
        by."""
        self._came: set[str] = set()
        """Those that looked since somebody asked."""
        self._others_came = False
        self._asked: dict[tuple[Channel, int], tuple[Unit, Said, bytearray]] = {}
        """Looks at a table that were not answered yet: what they are about, and what came of the
        answer."""
        self._at_work: dict[str, set[Said]] = {}
        """Processes that look at a table, and at what they have got something."""

    def follow(self, polls: Polls) -> None:
        """Says how the workers look."""
        self._known = polls
        self._polls = {
            (poll.role, poll.service, poll.shape): (look, poll) for look, poll in polls.items()
        }
        self._looked.clear()
        self._asked.clear()
        self._at_work.clear()

    @property
    def any(self) -> bool:
        """Whether any are known."""
        return bool(self._polls)

    def passed(self, channel: Channel, unit: Unit) -> None:
        """Something went by on its way to a service."""
        if not self._polls:
            return
        process, is_table = channel.route.process, channel.route.kind == "postgres"
        texts = (bound.sql for bound in unit.statements)
        shape = (fingerprint(texts).encode(),) if is_table else unit.arguments[:2]
        role = process.partition(".")[0]
        found = self._polls.get((role, channel.route.service, shape))
        if found is None:
            # What workers do with a job of a table they have done when they look again.
            self._others_came = self._others_came or process not in self._at_work
            return
        look, poll = found
        said = said_of(unit)
        if is_table:
            self._asked[channel, unit.serial] = (unit, self._known.subject(look, said), bytearray())
            self._at_work.setdefault(process, set())
        if poll.patience_ms and self._known.asks_for_what_is_given(look, said):
            self._came.add(process)

    def passed_back(self, channel: Channel, answer: Answer) -> None:
        """Something of a service went by."""
        if not self._asked or answer.serial is None:
            return
        found = self._asked.get((channel, answer.serial))
        if found is None:
            return
        unit, subject, came = found
        came += answer.raw[: ANSWER_BYTES_KEPT - len(came)]
        if answer.complete:
            del self._asked[channel, answer.serial]
            rows = answered_rows(bytes(came), unit, channel)
            at_work = self._at_work[channel.route.process]
            if any(value is not None for _, row in rows for value in row):
                at_work.add(subject)
            else:
                at_work.discard(subject)

    def still_to_look(self) -> bool:
        """Whether one of them may have something to do; all that went by has been read."""
        # What was read together may have gone by in any order.
        looked = dict.fromkeys(self._came, not self._others_came)
        before = dict.fromkeys(self._looked, False) if self._others_came else self._looked
        self._looked = before | looked
        self._came, self._others_came = set(), False
        if self._asked or any(self._at_work.values()):
            return True
        waited_for = any(poll.patience_ms for _, poll in self._polls.values())
        return waited_for and not (self._looked and all(self._looked.values()))
