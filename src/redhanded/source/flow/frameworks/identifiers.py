"""Packages that make identifiers, and how many random bits those have.

References: RFC 9562 (UUID: version 4 has 122 random bits, version 7 has 74), github.com/ai/nanoid
(21 characters of 64), github.com/ulid/spec (80 bits), github.com/paralleldrive/cuid2 (24 characters
of 36), MongoDB manual, ObjectId (5 random bytes of the process, 3 bytes that count).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

from redhanded.source.flow.effects import Effect
from redhanded.source.flow.framework import CallSite, Meaning, Surroundings
from redhanded.source.flow.frameworks.reading import argument, number, text
from redhanded.source.flow.frameworks.table import LibraryTable
from redhanded.source.flow.values import Computed, Known, Made

Bits = Callable[[CallSite], float | None]


def _fixed(bits: float | None) -> Bits:
    return lambda site: bits


def _nanoid(site: CallSite) -> float | None:
    """64 characters."""
    count = number(argument(site, 0)) if site.arguments else 21.0
    return None if count is None else count * 6


def _custom(site: CallSite) -> float | None:
    """``customAlphabet(letters, size)()``."""
    made = site.callee.steps[-1]
    if not isinstance(made, Made) or not made.arguments:
        return None
    letters = text(made.arguments[0])
    given = site.arguments[0] if site.arguments else None
    if given is None and len(made.arguments) > 1:
        given = made.arguments[1]
    count = number(given) if given is not None else 21.0
    if not letters or count is None:
        return None
    return count * math.log2(len(set(letters)))


def _cuid2(site: CallSite) -> float | None:
    return 23 * math.log2(36) + math.log2(26)


TABLE: Mapping[tuple[str, str], Bits] = {
    ("uuid", "v4"): _fixed(122),
    ("uuid", ""): _fixed(122),
    ("uuid", "v7"): _fixed(74),
    ("uuid", "v6"): _fixed(None),
    ("uuid", "v1"): _fixed(None),
    ("short-uuid", "generate"): _fixed(122),
    ("short-uuid", "uuid"): _fixed(122),
    ("uuid-random", ""): _fixed(122),
    ("nanoid", "nanoid"): _nanoid,
    ("nanoid", "nanoid()"): _nanoid,
    ("nanoid", "non-secure.nanoid"): _nanoid,
    ("nanoid", "async.nanoid"): _nanoid,
    ("nanoid", "customAlphabet()"): _custom,
    ("nanoid", "non-secure.customAlphabet()"): _custom,
    ("cuid", ""): _fixed(8 * math.log2(36)),
    ("cuid", "slug"): _fixed(2 * math.log2(36)),
    ("@paralleldrive/cuid2", "createId"): _cuid2,
    ("@paralleldrive/cuid2", "init()"): _fixed(None),
    ("ulid", "ulid"): _fixed(80),
    ("ulidx", "ulid"): _fixed(80),
    ("ulid", "monotonicFactory()"): _fixed(80),
    ("ksuid", "randomSync"): _fixed(128),
    ("bson", "ObjectId"): _fixed(64),
    ("mongodb", "ObjectId"): _fixed(64),
    ("mongoose", "Types.ObjectId"): _fixed(64),
    ("bson-objectid", ""): _fixed(64),
    ("shortid", "generate"): _fixed(None),
    ("shortid", ""): _fixed(None),
    ("uniqid", ""): _fixed(None),
    ("hyperid", "()"): _fixed(None),
}
"""Package and what of it is called to the random bits; None: made of a clock or counter as well."""
OF_NAMES = frozenset([("uuid", "v3"), ("uuid", "v5")])
"""Computed from a name: the same each time."""


def _call(site: CallSite, around: Surroundings) -> Meaning | None:
    name = ".".join(site.callee.names).replace(".()", "()")
    key = (site.callee.package, name)
    if key in OF_NAMES:
        return Meaning(result=Computed(f"call:uuid.{name}", site.arguments))
    if key not in TABLE:
        return None
    if name.endswith("ObjectId") and site.arguments:
        return Meaning(result=Computed("call:ObjectId", site.arguments))
    bits = TABLE[key](site)
    effect = Effect(
        kind="identifier",
        store="other",
        library=site.callee.package,
        verb=name.removesuffix("()") or site.callee.package,
        options={} if bits is None else {"bits": Known(round(bits, 1))},
    )
    return Meaning(effects=(effect,))


FRAMEWORK = LibraryTable(
    name="identifiers", packages=tuple(dict.fromkeys(one for one, _ in TABLE)), calls=_call
)
