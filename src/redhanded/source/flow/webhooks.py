"""Which routes are webhooks: they check that the request was signed by its sender."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from redhanded.source.flow.events import Entry, Event

SIGNED = "signed"
"""Some signature is checked, and the sender is not known."""
KEYED = frozenset({"createHmac", "subtle.verify", "compare_digest"})
"""What is made of a request with a secret key; a comparison alone may be that of a password."""
_ASKING = ("GET ", "HEAD ", "OPTIONS ")


def recognised(entry: Entry, events: Iterable[Event]) -> Entry:
    """The entry, with the sender of its requests if it checks their signature.

    A link that somebody follows is signed too, and is no webhook: requests that only ask are left
    out.
    """
    if entry.kind != "route" or entry.webhook or entry.name.upper().startswith(_ASKING):
        return entry
    found = ""
    for event in events:
        effect = event.effect
        if effect is None or effect.kind != "verify":
            continue
        if effect.subject:
            return replace(entry, webhook=effect.subject)
        if effect.verb in KEYED:
            found = SIGNED
    return replace(entry, webhook=found) if found else entry
