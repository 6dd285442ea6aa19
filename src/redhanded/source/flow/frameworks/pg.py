"""PostgreSQL drivers with the interface of node-postgres.

Reference: node-postgres.com, Pool, Client, Transactions. ``pool.query`` takes any connection; a
client that was checked out is a session of its own, which ``BEGIN`` and ``COMMIT`` are sent on.
"""

from __future__ import annotations

from redhanded.source.flow.effects import Effect
from redhanded.source.flow.framework import THIS, CallSite, Meaning, Surroundings
from redhanded.source.flow.frameworks.reading import base, called_back, function, gives
from redhanded.source.flow.frameworks.sql_tags import query_of, sql_text
from redhanded.source.flow.frameworks.table import LibraryTable
from redhanded.source.flow.sql_effects import sql_effects
from redhanded.source.flow.values import Library, Unknown, Value

PACKAGES = ("pg", "pg-pool", "pg-native", "@neondatabase/serverless", "@vercel/postgres")
CLIENTS = frozenset(["Client", "createClient"])
QUIET = frozenset(["release", "end", "on", "once", "off", "removeListener", "setTypeParser"])


def _call(site: CallSite, around: Surroundings) -> Meaning | None:
    names = site.callee.names
    if site.is_tagged and site.callee.package in PACKAGES[3:]:
        session = _session(base(site.callee))
        return Meaning(effects=executed(site, site.arguments, session))
    if len(names) < 2:
        return None
    connection = base(site.callee)
    if names[-1] == "bind":
        return Meaning(result=connection)
    if names[-1] == "query":
        effects = executed(site, site.arguments, _session(connection))
        return Meaning(effects=effects, callbacks=called_back(site, THIS))
    if names[-1] == "connect":
        client = connection
        if _session(connection) is None:
            client = gives(site)
        return Meaning(result=client, callbacks=called_back(site, client))
    return Meaning() if names[-1] in QUIET else None


def _session(connection: Library) -> Value | None:
    """A pool's own query runs on any connection."""
    names = connection.names
    return connection if "connect" in names or CLIENTS.intersection(names) else None


def executed(
    site: CallSite, arguments: tuple[Value, ...], session: Value | None
) -> tuple[Effect, ...]:
    """The effects of ``query(text, values)`` in all its forms."""
    query, parameters = query_of(arguments)
    if function(parameters) is not None:
        parameters = None
    return sql_effects(
        query if query is not None else Unknown(),
        parameters,
        library=site.callee.package,
        session=session,
        inline=sql_text,
    )


FRAMEWORK = LibraryTable(name="pg", packages=PACKAGES, calls=_call)
