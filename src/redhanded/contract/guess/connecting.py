"""Variables whose names say nothing, but that a client of a database or queue is given."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping

_READ = (
    r"(?:process\.env(?:\.|\[['\"])|(?:environ(?:\.get)?|getenv)\s*[\[(]\s*['\"])"
    r"([A-Z][A-Z0-9_]+)"
)
_CLIENTS: Mapping[str, tuple[str, ...]] = {
    "postgres": (
        r"\b(?:psycopg2?(?:\.\w+)?|asyncpg)\.(?:connect|create_pool)\s*\(",
        r"\b(?:Async)?ConnectionPool\s*\(",
        r"\bcreate_(?:async_)?engine\s*\(",
        r"\bnew\s+(?:\w+\.)?(?:Pool|Client|Sequelize)\s*\(",
        r"\b(?:postgres|drizzle)\s*\(",
        r"\bconnectionString\s*:",
        r"\bclient\s*:\s*['\"](?:pg|postgres\w*)['\"]\s*,",
    ),
    "redis": (
        r"\b(?:[Rr]edis|[Vv]alkey)\w*(?:\.asyncio)?(?:\.(?:Redis|Valkey))?\.from_url\s*\(",
        r"\bfrom_url\s*\(",
        r"\bnew\s+(?:IO)?(?:Redis|Valkey)\s*\(",
    ),
}
"""What makes a client, up to where it is told where it connects to."""
_NAMES: Mapping[str, str] = {
    "postgres": r"(?!SENTRY|RAVEN|REDIS|AMQP)(\w+_)?(DSN|CONN(ECTION)?_?STR(ING)?)",
    "redis": r"(\w+_)?(REDIS|VALKEY)(_?DSN)?",
}
_WITHIN = 120
"""Characters between both, in one statement."""
_HOLDER = re.compile(
    rf"^\s*(?:export\s+)?(?:const\s+|let\s+|var\s+)?(\w+)\s*(?::\s*\w+\s*)?=[^=\n]*?{_READ}",
    re.MULTILINE,
)


def addresses(sources: Mapping[str, str], variables: Collection[str], kind: str) -> list[str]:
    """Variables that are read where a client is made, or whose value is handed to one under another
    name; without any, the first whose name may mean an address of this kind."""
    client = rf"(?:{'|'.join(_CLIENTS[kind])})"
    found: dict[str, None] = {}
    for text in sources.values():
        found |= dict.fromkeys(
            match[1] for match in re.finditer(rf"{client}[^;)]{{0,{_WITHIN}}}?{_READ}", text)
        )
        for holder, variable in _HOLDER.findall(text):
            handed = rf"{client}\s*(?:\{{\s*)?(?:\w+\s*[:=]\s*)?{re.escape(holder)}\b"
            if re.search(handed, text):
                found[variable] = None
        for match in re.finditer(rf"{client}[^;)]{{0,{_WITHIN}}}?\b\w+\.(\w+)", text):
            found |= dict.fromkeys(_of_settings(match[1], variables))
    return list(found) or [name for name in variables if re.fullmatch(_NAMES[kind], name)][:1]


def _of_settings(name: str, variables: Collection[str]) -> list[str]:
    """The variable that fills a field of an object of settings, which may put a prefix before it;
    none where several may."""
    field = name.upper()
    meant = [each for each in variables if each == field or each.endswith(f"_{field}")]
    return meant if len(meant) == 1 else []
