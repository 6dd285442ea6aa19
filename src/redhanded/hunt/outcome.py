"""The one word that a case ends with, from what its stages found."""

from __future__ import annotations

from redhanded.case.case import Case
from redhanded.case.verdict_word import VerdictWord
from redhanded.hunt.cards import failed_by_itself
from redhanded.hunt.suspect.verdict import likely_untried


def outcome(case: Case) -> VerdictWord:
    """CONFIRMED where a failure was caught and any replay of it failed, REFUTED where the whole
    bound was tried without one.

    What fails when left to itself is never REFUTED, however many orders of the lab's passed, nor is
    what could not have been seen there, or a likely fault that orders alone do not show.
    """
    found = case.reproduction
    if found is None:
        return "UNDECIDED"
    if found.schedule is not None:
        return "UNDECIDED" if found.replays and not found.replays_failed else "CONFIRMED"
    if found.unseen or failed_by_itself(case) or likely_untried(case.hypotheses, found):
        return "UNDECIDED"
    return "REFUTED" if found.exhausted and "reproduce" in case.finished else "UNDECIDED"
