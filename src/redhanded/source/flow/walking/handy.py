"""Packages that only handle values: what they give are the elements they were given."""

from __future__ import annotations

from redhanded.source.flow.values import Library, Procedure, Record, Value
from redhanded.source.flow.walking import members, natural
from redhanded.source.flow.walking.run import Run
from redhanded.source.flow.walking.words import words

PACKAGES = frozenset(("lodash", "lodash-es", "underscore"))
"""References: lodash.com/docs, underscorejs.org."""
SAME = words(
    "keyBy groupBy indexBy sortBy orderBy filter reject find findLast head first last nth sample"
    " take takeRight drop dropRight slice tail initial compact uniq uniqBy sortedUniq reverse"
    " shuffle values toArray minBy maxBy min max clone cloneDeep chunk partition flatten"
)


def given(run: Run, callee: Library, arguments: tuple[Value, ...]) -> Value | None:
    """What a function of theirs gives; None: it is not known here."""
    if callee.package not in PACKAGES or len(callee.names) != 1 or not arguments:
        return None
    name = callee.names[0]
    if name not in SAME and name != "map":
        return None
    element = members.element(run, arguments[0])
    for one in arguments[1:2]:
        if isinstance(one, Procedure):
            made = natural.each(run, one, (element,))
            if name == "map":
                return Record({members.EACH: made}, is_complete=False)
    return arguments[0] if name in SAME else None
