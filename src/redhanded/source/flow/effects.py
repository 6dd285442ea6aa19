"""What a call of a library does to the world: the vocabulary that rules speak.

A framework's table gives these (``frameworks/``), a rule reads them; neither knows the other.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from redhanded.source.flow.values import Value

EffectKind = Literal[
    # Rows.
    "read",  # SELECT, find…
    "insert",  # a plain one: fails or duplicates if the row is there
    "update",
    "delete",
    "upsert",  # insert with a conflict clause, or the ORM's equivalent in ONE statement
    "find-or-create",  # looks, then creates, in two statements
    "save",  # an entity read or made earlier is written back as a whole
    "statement",  # SQL whose meaning could not be read: may do anything
    # Transactions.
    "begin",
    "commit",
    "rollback",
    # Keys.
    "get",
    "set",
    "increment",  # INCR, DECR, HINCRBY: atomic
    "remove",
    "expire",
    "script",  # Lua, MULTI…EXEC as a whole: atomic
    "push",  # list, stream, set: members are added
    "pop",
    "watch",
    # Locks and leases.
    "acquire",
    "release",
    "extend",
    # Work handed over.
    "enqueue",
    "publish",  # an event or message without a job's guarantees
    # The outside.
    "send",  # a request over the network, mail, a payment: cannot be rolled back
    "respond",  # the answer to the request that is being served
    "sleep",
    # Sources of values.
    "identifier",  # makes an id; `options["bits"]` says how many random bits it has, if known
    "clock",
    "verify",  # a webhook's signature is checked
]

Store = Literal["database", "keys", "queue", "network", "process", "other"]
"""``process``: what outlives a request in the memory of one process: a variable at the top of a
file, and what a Map, Set, dict, list or object in it holds, where a function reads (``get``) or
changes it (``set``, ``remove``, ``push``, ``increment``). The subject is ``path:name``, ``where``
has the member under ``key``; a `sleep` has its length in ``expiry_s``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """One thing that a call does. What is not known is None or empty, never guessed."""

    kind: EffectKind
    store: Store
    library: str
    """Package, as it is imported: ``sequelize``, ``django``, ``bullmq``."""
    verb: str
    """As the library calls it: ``findOne``, ``get_or_create``, ``SET NX``."""
    subject: str | None = None
    """Table as the database names it (else the model's name), key pattern (``stock:*``), queue,
    lock name, host."""
    model: str = ""
    """The model's name in the code, where there is one."""
    where: Mapping[str, Value] = field(default_factory=dict)
    """Column to the value it is compared with for equality; ``?`` for a condition not read."""
    ranges: Mapping[str, Value] = field(default_factory=dict)
    """Column to the value it is compared with otherwise (``stock >= ?``)."""
    values: Mapping[str, Value] = field(default_factory=dict)
    """Column to the value that is written; a `Stored` value is computed by the store itself
    (``stock = stock - 1``, ``F('stock') - 1``, ``increment``)."""
    entity: Value | None = None
    """The instance that a `save`, or an update or delete through an instance, writes: the `Result`
    of the read or insert that gave it. ``values`` are the attributes set on it since."""
    whole: bool = False
    """All columns of the instance are written, changed or not (Django's ``save()`` without
    ``update_fields``); False where the library writes those that changed."""
    aggregates: tuple[str, ...] = ()
    """What a read asks for instead of rows: ``count``, ``sum``, ``max``, ``exists``."""
    ordered: bool = False
    """A read whose rows come in the order of a column."""
    conflict: Literal["", "ignore", "update", "error"] = ""
    """What an insert does when the row is there: ``ON CONFLICT DO NOTHING`` / ``DO UPDATE``."""
    conflict_columns: tuple[str, ...] = ()
    lock: Literal["", "update", "share", "advisory", "table"] = ""
    """Taken by this statement on what it reads."""
    session: Value | None = None
    """The connection or transaction handle it runs on; None: the pool's own, outside of any."""
    isolation: str = ""
    """Of a ``begin``: ``serializable``, ``repeatable read`` …"""
    only_if_absent: bool = False
    """``SET NX``, ``setnx``, ``add`` of a cache."""
    owner_checked: bool = False
    """A release that compares the holder's token in the same step."""
    expiry_s: float | None = None
    """Lease or TTL; None: none, or not known (then ``options['expiry']`` has the expression)."""
    many: bool = False
    """May concern more than one row or key."""
    job: str | None = None
    options: Mapping[str, Value] = field(default_factory=dict)
    """What else matters: ``jobId``, ``attempts``, ``acks_late``, ``removeOnComplete``, ``timeout``
    (seconds, of a `send`), ``text`` (of a `script` or `statement`), ``connection`` (``given``: a
    job is stored by a connection that the program hands over) …"""
