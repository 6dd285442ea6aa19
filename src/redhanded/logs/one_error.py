"""Entries that show a text, narrowed to one and the same error."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from redhanded.logs.database_errors import DatabaseError
from redhanded.logs.search import Match

_TEXTS_MAX = 2_000


@dataclass(frozen=True, slots=True, kw_only=True)
class OneError:
    """The matches that are one and the same error."""

    matches: tuple[Match, ...]
    error: DatabaseError
    template: str
    limits: tuple[str, ...]

    def texts(self) -> list[str]:
        """The strings of the kept entries, in which stack traces may stand; at most some 2,000."""
        texts: list[str] = []
        for match in self.matches:
            if match.record is not None and len(texts) < _TEXTS_MAX:
                values = match.record.entry.fields.values()
                texts.extend(value for value in values if isinstance(value, str))
                texts.append(match.record.text)
        return texts


def one_error(matches: Sequence[Match]) -> OneError:
    """The most frequent constraint decides, where matches name several; the rest is said."""
    named = Counter(match.error.constraint for match in matches if match.error.constraint)
    limits: list[str] = []
    kept = list(matches)
    if len(named) > 1:
        (chosen, _), *others = named.most_common()
        kept = [match for match in matches if match.error.constraint in (None, chosen)]
        limits.append(
            f"the symptom also occurs on {', '.join(f'{name} ({n} lines)' for name, n in others)}: "
            f"only {chosen} is followed; put the other name into --symptom to hunt that"
        )
    errors = Counter(match.error for match in kept if match.error.sqlstate)
    facts = Counter(
        (error.sqlstate, error.constraint, error.table) for error in errors.elements()
    ).most_common(1)
    sqlstate, constraint, table = facts[0][0] if facts else (None, None, None)
    return OneError(
        matches=tuple(kept),
        error=DatabaseError(sqlstate=sqlstate, constraint=constraint, table=table),
        template=Counter(match.template for match in kept).most_common(1)[0][0],
        limits=tuple(limits),
    )
