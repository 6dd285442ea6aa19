"""What makes a measured pattern safe, in a line: advice, which no run has tested."""

from __future__ import annotations

ADVICE: dict[str, str] = {
    "lost-update": (
        "one atomic statement (UPDATE … SET n = n + 1, INCR), SELECT … FOR UPDATE before the "
        "change, or a version that the write compares"
    ),
    "check-then-create": (
        "a unique index on what must be there once, and ON CONFLICT where the row is created; or "
        "a lock taken before the look"
    ),
    "stale-read": (
        "the condition looked at again in the write itself (UPDATE … WHERE), or SELECT … FOR "
        "UPDATE before it is relied on"
    ),
    "write-skew": (
        "SERIALIZABLE with another try, an exclusion or unique constraint, or a lock on a row that "
        "both have to take"
    ),
    "old-value-cached": (
        "a version or WATCH, so that nothing is stored if the key was removed since the read, or "
        "the new value stored by whoever changes it"
    ),
    "events-out-of-order": (
        "the time or number of the event kept in the row, and an update only WHERE that is older"
    ),
    "opposite-lock-order": (
        "all rows locked in one order, whatever the request says, and the transaction tried again "
        "after 40P01"
    ),
    "queued-before-commit": "the job queued after the COMMIT, or from an outbox table",
    "lease-too-short": (
        "a lease that is renewed while the work goes on, and a fencing token or constraint that "
        "the database compares at the write"
    ),
    "overlapping-snapshots": (
        "a unique index with ON CONFLICT, or a lock (a row, an advisory one) taken before the "
        "statement"
    ),
    "effects-not-atomic": (
        "both effects in one transaction or script, or an outbox from which the second is made "
        "until it is there"
    ),
    "retry-not-idempotent": (
        "an identifier of the attempt under a unique key, so that the second try finds the first"
    ),
    "transaction-not-retried": "the whole transaction tried again after 40001 and 40P01",
    "message-after-the-end": (
        "a message that takes effect only if what it is for is still there (ZADD XX, UPDATE … "
        "WHERE)"
    ),
    "repeated-delivery": (
        "the identifier of the event under a unique key, kept before or with the work it starts"
    ),
}
"""The mechanism of a measured cause to what is known to help against it."""


def advised(mechanism: str) -> str:
    """The advice as a sentence; empty for a cause to which remedies are known."""
    known = ADVICE.get(mechanism)
    return f"What makes such a pattern safe (advice, not measured here): {known}." if known else ""
