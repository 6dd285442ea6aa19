"""SQL that was read before: the effects of a statement by its text.

The parser is loaded when a text comes that was never read: most scans see none.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from redhanded.source.flow.effects import Effect

TEXTS_MAX = 20_000

_known: dict[str, tuple[Effect, ...]] = {}
_asked: dict[str, tuple[Effect, ...]] = {}


def statements(text: str) -> tuple[Effect, ...]:
    """See `sql_statements.statements`, which depends on the text alone."""
    found = _known.get(text)
    if found is None:
        from redhanded.source.flow import sql_statements

        if len(_known) >= TEXTS_MAX:
            _known.clear()
        found = _known[text] = sql_statements.statements(text)
    _asked[text] = found
    return found


def know(texts: Mapping[str, tuple[Effect, ...]]) -> None:
    """Texts that were read by an earlier scan."""
    _known.update(texts)


def begin() -> None:
    """From here on it is counted what is asked for."""
    _asked.clear()


def asked() -> dict[str, tuple[Effect, ...]]:
    """What was asked for since then."""
    return dict(_asked)
