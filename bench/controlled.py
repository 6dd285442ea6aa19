"""What a controlled trial costs beside the same trial run naturally."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager

import trial_cost
from part import Part, body
from trial_cost import SIDES, Side, Timing

from redhanded.lab import Lab
from report import ratio

BAR = 2.0
BLOCK = 10
Progress = Callable[[str], None]
Opened = Callable[[], AbstractContextManager[Lab]]


def measure(opened: Opened, *, labs: int, trials: int, seed: int, say: Progress) -> Part:
    """``trials`` trials of each side in each of ``labs`` labs: those differ more than trials of
    one do."""
    timings: dict[Side, list[Timing]] = {side: [] for side in SIDES}
    ratios = []
    for number in range(1, labs + 1):
        say(f"controlled and natural trials: lab {number} of {labs}")
        with opened() as lab:
            costs = trial_cost.measure(lab, trials=trials, block=BLOCK, seed=seed, say=say)
        for cost in costs:
            timings[cost.side] += cost.timings
        ratios.append(ratio(costs))
    costs = tuple(trial_cost.of_side(side, tuple(found)) for side, found in timings.items())
    whole = ratio(costs)
    said = "met" if whole <= BAR else "missed"
    return Part(
        title="A controlled trial against the same trial run naturally",
        body=body(
            "The same two deliveries, one after the other, held and released one message at a "
            "time, or passed on at once by the same proxies; until everything is at rest. "
            f"{trials} trials of each side in each of {labs} labs of the example, in turns of "
            f"{BLOCK}.",
            ("side", "trials", "until at rest, ms", "operations", "failures"),
            [
                (
                    cost.side,
                    str(cost.settled_ms.count),
                    str(cost.settled_ms),
                    f"{cost.operations.median:.0f}",
                    str(cost.failures),
                )
                for cost in costs
            ],
            f"Controlled over natural: **{whole:.2f}** (bar: at most {BAR:g}, {said}); in each "
            f"lab alone {', '.join(f'{each:.2f}' for each in ratios)}.",
        ),
        raw={"ratios": ratios, "costs": costs},
    )
