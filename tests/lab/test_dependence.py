"""Two operations depend on each other if swapping them may be seen."""

from __future__ import annotations

import pytest
from made import candidate, name, touch

from redhanded.lab.dependence import dependent
from redhanded.lab.explorers import Candidate

READ = candidate(name(1, "SELECT"), touch("seats", "read", row="a"))
SAME_ROW = candidate(name(2, "UPDATE"), touch("seats", "write", row="a"))
OTHER_ROW = candidate(name(2, "UPDATE"), touch("seats", "write", row="b"))
OTHER_COLUMN = candidate(name(2, "UPDATE"), touch("seats", "write", place="9"))
IN_TRANSACTION = candidate(name(2, "UPDATE"), touch("seats", "write", row="a"), uncommitted=True)
COMMIT = candidate(name(2, "COMMIT"), touch("seats", "write", row="a"))
LOCKING_READ = candidate(name(1, "INSERT"), touch("seats", "read", row="a"))
ANYTHING = candidate(name(2, "SELECT"), touch("*", "write"))
OTHER_SERVICE = candidate(name(2, "UPDATE"), touch("seats", "write", service="archive", row="a"))


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        (READ, READ, False),
        (READ, SAME_ROW, True),
        (READ, OTHER_ROW, False),
        (READ, OTHER_COLUMN, True),
        (READ, IN_TRANSACTION, False),
        (READ, COMMIT, True),
        (SAME_ROW, IN_TRANSACTION, True),
        (LOCKING_READ, IN_TRANSACTION, True),
        (READ, ANYTHING, True),
        (READ, OTHER_SERVICE, False),
        (candidate(name(1, "POST", "/seats")), SAME_ROW, False),
    ],
)
def test_dependence_is_symmetric(one: Candidate, other: Candidate, expected: bool) -> None:
    assert dependent(one, other) is expected
    assert dependent(other, one) is expected
