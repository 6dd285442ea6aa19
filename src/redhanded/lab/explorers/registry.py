"""All explorers by name, for those that compare them and for the test that holds for each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from redhanded.case.schedule import Schedule
from redhanded.lab.choices import Choices
from redhanded.lab.explorers import Explorer, Straight
from redhanded.lab.explorers.follow import Follow
from redhanded.lab.explorers.hold import Hold
from redhanded.lab.explorers.metrics import Counts, Metrics
from redhanded.lab.explorers.pct import Pct
from redhanded.lab.explorers.pos import Pos
from redhanded.lab.explorers.replay import Replay
from redhanded.lab.explorers.self_check import SelfCheck
from redhanded.lab.explorers.uniform import Uniform

Make = Callable[[Choices, int], Explorer]
"""From the source of draws and the number of steps that a trial takes, about."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """An explorer that can be asked for by name."""

    name: str
    make: Make
    """For one trial; one that is given an order is given none here, and does not preempt."""
    draws: bool = False
    """Whether another seed may give another order."""


EXPLORERS = (
    Known(name="straight", make=lambda _choices, _steps: Straight()),
    Known(name="follow", make=lambda _choices, _steps: Follow(Schedule())),
    Known(name="hold", make=lambda _choices, _steps: Hold(lambda _name: False)),
    Known(name="replay", make=lambda _choices, _steps: Replay(())),
    Known(name="self-check", make=lambda _choices, _steps: SelfCheck(())),
    Known(name="metrics", make=lambda _choices, _steps: Metrics(Straight(), Counts())),
    Known(name="uniform", make=lambda choices, _steps: Uniform(choices), draws=True),
    Known(name="pct 1", make=lambda choices, steps: Pct(choices, depth=1, steps=steps), draws=True),
    Known(name="pct 2", make=lambda choices, steps: Pct(choices, depth=2, steps=steps), draws=True),
    Known(name="pct 3", make=lambda choices, steps: Pct(choices, depth=3, steps=steps), draws=True),
    Known(name="pos", make=lambda choices, _steps: Pos(choices), draws=True),
)
"""The systematic search is made of many trials, each with a ``Replay`` of its own."""
RANDOM = tuple(known for known in EXPLORERS if known.draws)
