"""SQL that a Django program writes by hand: cursors, and ``Model.objects.raw``.

Reference: https://docs.djangoproject.com/en/stable/topics/db/sql/.
"""

from __future__ import annotations

from redhanded.source.flow.framework import LAST, CallSite, Meaning
from redhanded.source.flow.frameworks.chain import before, given
from redhanded.source.flow.sql_effects import sql_effects
from redhanded.source.flow.values import Known, Value


def raw(site: CallSite, row: Value) -> Meaning:
    """``row``: what an instance of the model is."""
    written_sql = given(site, 0, "raw_query")
    effects = sql_effects(written_sql or Known(""), given(site, 1, "params"), library="django")
    return Meaning(effects=effects, result=row)


def cursor(site: CallSite, name: str) -> Meaning | None:
    on = before(site.callee, 1)
    if name in ("execute", "executemany", "callproc"):
        effects = sql_effects(
            given(site, 0, "sql") or Known(""),
            given(site, 1, "params"),
            library="django",
            session=on,
        )
        return Meaning(effects=effects)
    if name in ("fetchone", "fetchall", "fetchmany"):
        return Meaning(result=LAST)
    return None
