"""Which operations may change each other's outcome if their order is changed."""

from __future__ import annotations

from redhanded.case.operation import Touch
from redhanded.lab.explorers import Candidate


def dependent(one: Candidate, other: Candidate) -> bool:
    """Whether swapping the two, side by side, may be seen.

    A plain read does not see another transaction's writes before their COMMIT, so it depends on
    that COMMIT and not on the statement. The check of a unique index does: an insert reads the
    columns of the table's unique indexes (``lab/footprint``), and waits for whoever wrote there.
    """
    return any(
        mine.conflicts(yours)
        and not _unseen(mine, one, yours, other)
        and not _unseen(yours, other, mine, one)
        for mine in one.touches
        for yours in other.touches
    )


def _unseen(write: Touch, writer: Candidate, read: Touch, reader: Candidate) -> bool:
    return (
        writer.uncommitted
        and write.access == "write"
        and read.access == "read"
        and reader.name.access == "read"
    )
