"""How long a released operation takes, until the next one can be chosen."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager

from part import Part, body
from spread import spread

from redhanded.lab import Lab

BAR_MS = 1.5
Progress = Callable[[str], None]
Opened = Callable[[], AbstractContextManager[Lab]]


def measure(opened: Opened, *, labs: int, trials: int, say: Progress) -> Part:
    """``trials`` serial trials of each of ``labs`` labs: those differ more than trials of one do.

    An operation's time goes from its release to that of the next one: the service's answer, what
    the process does with it, and seeing that everything is at rest.
    """
    steps: dict[str, list[float]] = {}
    whole, medians, processes = [], [], 0
    for lab_number in range(1, labs + 1):
        mine = []
        with opened() as lab:
            processes = len(lab.running.programs)
            for number in range(trials):
                if number % 50 == 0:
                    say(f"released operations: lab {lab_number} of {labs}, {number} of {trials}")
                run = lab.serial()
                for one, following in zip(run.operations, run.operations[1:], strict=False):
                    took = following.released_ms - one.released_ms
                    steps.setdefault(one.name.protocol, []).append(took)
                    mine.append(took)
                whole.append(run.duration_ms / max(len(run.operations), 1))
        medians.append(spread(mine).median)
    everything = [step for found in steps.values() for step in found]
    found = {**dict(sorted(steps.items())), "all": everything, "trial / operations": whole}
    rows = []
    for name, times in found.items():
        at = spread(times)
        rows.append((name, str(at.count), f"{at.median:.2f}", f"{at.low:.2f} to {at.high:.2f}"))
    median = spread(everything).median
    said = "met" if median <= BAR_MS else "missed"
    return Part(
        title="Time per released operation",
        body=body(
            f"{trials} serial trials in each of {labs} labs of the example ({processes} Node "
            "processes): from one release to the next, milliseconds.",
            ("operations", "count", "median, ms", "quartiles, ms"),
            rows,
            f"Median **{median:.2f} ms** (bar: at most {BAR_MS:g}, {said}); of each lab alone "
            f"{', '.join(f'{each:.2f}' for each in medians)}.",
        ),
        raw={"medians": medians, **steps},
    )
