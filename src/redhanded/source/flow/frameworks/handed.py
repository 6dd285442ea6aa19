"""A store of keys that code is handed, whatever is behind it: ``get`` and ``set`` that are waited
for. What lies between a get and a set of the same key is seen by nobody else.
"""

from __future__ import annotations

from redhanded.source.flow.effects import Effect, EffectKind
from redhanded.source.flow.framework import THIS, CallSite, Meaning, Surroundings
from redhanded.source.flow.frameworks.reading import base, called_back, pattern
from redhanded.source.flow.frameworks.table import LibraryTable

KINDS: dict[str, EffectKind] = {
    "get": "get",
    "set": "set",
    "increment": "increment",
    "incr": "increment",
    "del": "remove",
    "delete": "remove",
    "reset": "remove",
    "destroy": "remove",
    "remove": "remove",
}


def _call(site: CallSite, around: Surroundings) -> Meaning | None:
    kind = KINDS.get(site.callee.names[-1]) if len(site.callee.names) > 2 else None
    if kind is None or not site.arguments:
        return None
    key = site.arguments[0]
    is_valued = kind == "set" and len(site.arguments) > 1
    effect = Effect(
        kind=kind,
        store="keys",
        library="handed",
        verb=site.callee.names[-1],
        subject=pattern(key),
        where={"key": key},
        values={"value": site.arguments[1]} if is_valued else {},
        session=base(site.callee),
    )
    return Meaning(effects=(effect,), callbacks=called_back(site, THIS))


FRAMEWORK = LibraryTable(name="handed store", packages=("handed",), calls=_call)
