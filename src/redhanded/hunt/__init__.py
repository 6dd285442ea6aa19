"""The hunt on one page: six stages, four gates, one case.

Each stage hands values to the next; what a stage found is on disk before the next begins, so that
a hunt that was killed goes on where it was.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:  # what only asks for one stage needs none of it
    from redhanded.case.case import Case
    from redhanded.case.request import HuntRequest, Listener


def run(request: HuntRequest, listener: Listener) -> Case:
    """Hunts as asked and gives the case; a resumed one goes on after its last finished stage.

    Raises ``InputError`` for input that cannot be used. A system that cannot be run ends the case
    UNDECIDED with the reason among its limits.
    """
    from redhanded.hunt.course import opened  # all stages: what asks for one needs no others

    with opened(request, listener) as course:
        course.observe()
        course.explore()
        course.suspect()
        if course.gate(1, "hypothesis"):
            course.reproduce()
            if course.caught() and course.gate(2, "root cause"):
                course.repair()
                if course.gate(3, "diff"):
                    course.prove()
                    course.gate(4, "test")
        return course.conclude()


__all__ = ["run"]
