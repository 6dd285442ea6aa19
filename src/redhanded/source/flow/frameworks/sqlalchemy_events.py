"""SQLAlchemy's events: functions that are called when a session commits.

Reference: https://docs.sqlalchemy.org/en/20/orm/events.html (SessionEvents).
"""

from __future__ import annotations

from redhanded.source.flow.framework import Callback, CallSite, Meaning, Surroundings
from redhanded.source.flow.frameworks.chain import given
from redhanded.source.flow.frameworks.reading import text
from redhanded.source.flow.frameworks.table import LibraryTable

AFTER_COMMIT = frozenset({"after_commit", "after_transaction_end"})


def _call(site: CallSite, around: Surroundings) -> Meaning | None:
    """``event.listen(session, "after_commit", function)``."""
    if site.callee.names[-2:] != ("event", "listen"):
        return None
    called = given(site, 2, "fn")
    if text(given(site, 1, "identifier")) not in AFTER_COMMIT or called is None:
        return Meaning()
    session = given(site, 0, "target")
    arguments = () if session is None else (session,)
    return Meaning(callbacks=(Callback(function=called, arguments=arguments, after_commit=True),))


FRAMEWORK = LibraryTable(name="sqlalchemy events", packages=("sqlalchemy",), calls=_call)
