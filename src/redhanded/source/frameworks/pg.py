"""node-postgres: ``pool.query`` and ``client.query`` with written SQL.

Reference: https://node-postgres.com/apis/pool
"""

from __future__ import annotations

from redhanded.case.codemap import DataAccess
from redhanded.source.callgraph import CallGraph, Site
from redhanded.source.frameworks.facts import AccessFact, Facts, Framework
from redhanded.source.sql import statements
from redhanded.source.syntax import arguments_of, text_of
from redhanded.source.values import Member, Object, origin


def read(graph: CallGraph, sites: tuple[Site, ...], facts: Facts) -> None:
    """Adds the tables that written statements touch."""
    for site in sites:
        for callee in site.callee:
            if isinstance(callee, Member) and callee.name == "query":
                start = origin(callee)
                if start is not None and start.module in ("pg", "pg-pool"):
                    facts.accesses += written(graph, site, "pg")
                    break


FRAMEWORK = Framework(name="pg", read=read, libraries=("pg", "pg-pool"))


def written(
    graph: CallGraph, site: Site, library: str, *, inside: bool = False
) -> list[AccessFact]:
    """The accesses of the statement that is a call's first argument."""
    sql = _statement(graph, site)
    return [
        AccessFact(
            access=DataAccess(
                model=one.table,
                table=one.table,
                method="query",
                access=one.access,
                library=library,
                location=site.location,
                columns=one.columns,
                in_transaction=inside,
                locked=one.locked,
            ),
            site=site,
            verb=one.verb,
        )
        for one in (statements(sql) if sql else [])
    ]


def _statement(graph: CallGraph, site: Site) -> str | None:
    given = arguments_of(site.call)
    if not given:
        return None
    if given[0].type == "template_string":
        return text_of(given[0])[1:-1]
    frame = site.closure.frame
    found = graph.evaluator.text(given[0], site.scope, frame)
    if found is not None:
        return found
    for value in graph.evaluator.value(given[0], site.scope, frame):
        if isinstance(value, Object):
            place = graph.evaluator.properties(value).get("text")
            return graph.evaluator.text(*place) if place else None
    return None
