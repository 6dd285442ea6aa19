"""What makes a pattern safe, in a line: advice, which no run has tested."""

from __future__ import annotations

ADVICE: dict[str, str] = {
    "read-modify-write": (
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
    "wrong-isolation-level": (
        "SERIALIZABLE with another try, an exclusion or unique constraint, or a lock on a row that "
        "both have to take"
    ),
    "cache-set-after-invalidation": (
        "a version or WATCH, so that nothing is stored if the key was removed since the read, or "
        "the new value stored by whoever changes it"
    ),
    "out-of-order-event-applied": (
        "the time or number of the event kept in the row, and an update only WHERE that is older"
    ),
    "opposite-lock-order": (
        "all rows locked in one order, whatever the request says, and the transaction tried again "
        "after 40P01"
    ),
    "job-enqueued-before-commit": "the job queued after the COMMIT, or from an outbox table",
    "lease-shorter-than-work": (
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
    "retry-of-non-idempotent-job": (
        "an identifier of the attempt under a unique key, so that the second try finds the first"
    ),
    "transaction-not-retried": "the whole transaction tried again after 40001 and 40P01",
    "message-after-the-end": (
        "a message that takes effect only if what it is for is still there (ZADD XX, UPDATE … "
        "WHERE)"
    ),
    "webhook-without-idempotency": (
        "the event's identifier inserted under a unique key first, or with the work it starts"
    ),
    "create-without-unique-constraint": (
        "a unique index on what must be there once, and an answer to the insert that it refuses"
    ),
    "model-unique-not-migrated": "a migration that makes the index that the model speaks of",
    "find-or-create-without-unique-index": (
        "a unique index on the columns that are looked by, outside of an open transaction"
    ),
    "row-committed-enqueue-lost": (
        "an outbox table that is written in the same transaction, and queued from until it is done"
    ),
    "id-collision": "122 random bits, or a sequence of the database",
    "quota-check": (
        "the limit looked at in the write itself (UPDATE … WHERE used < allowed), or a lock that "
        "both have to take before they count"
    ),
    "lock-looked-at-then-set": "SET NX, or one script that looks and sets",
    "lock-released-without-owner-check": "a script that deletes the key only if it holds the token",
    "lock-without-expiry": "the expiry given with the command that makes the key, or in one script",
    "members-read-then-taken": (
        "one command or script that reads the members and takes them out, or a count of what was "
        "really removed"
    ),
    "entry-renewed-unasked": "an entry renewed only where it is still there (ZADD XX, SET XX)",
    "check-then-create-table": (
        "CREATE TABLE IF NOT EXISTS under a lock, or the answer that it is there taken for success"
    ),
    "transaction-across-network": "the transaction committed before others are waited for",
    "promise-not-awaited": "the promise awaited, or its failure answered",
    "module-level-mutable-state": "state that is made for each request, or kept in a shared store",
    "repeated-delivery": (
        "the identifier of the event under a unique key, kept before or with the work it starts"
    ),
}
"""The mechanism of a cause to what is known to help against it; not of those that get a fix."""


WITH_REMEDIES: dict[str, str] = {
    "missing-job-deduplication": (
        "a job identifier taken from the event and kept for as long as the event can come again, "
        "and a consumer whose second run finds the row of the first (ON CONFLICT, an upsert)"
    ),
    "create-without-idempotency": (
        "one statement that creates the row or finds it, on the columns of the unique constraint"
    ),
    "webhook-redelivery": (
        "the identifier of the event under a unique key, kept before or with the work it starts"
    ),
}
"""The same of mechanisms to which there are remedies, for code that none of them fits."""


def advised(mechanism: str) -> str:
    """The advice as a sentence; empty for a cause to which remedies are known."""
    return _sentence(ADVICE.get(mechanism))


def advised_without_fix(mechanism: str) -> str:
    """The advice where no fix was drafted, whether or not remedies are known."""
    return _sentence(ADVICE.get(mechanism) or WITH_REMEDIES.get(mechanism))


def _sentence(known: str | None) -> str:
    return f"What makes such a pattern safe (advice, not measured here): {known}." if known else ""
