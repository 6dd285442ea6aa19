"""What a system's databases hold at the end of a trial, in a form in which trials can be compared.

A state is a set of collections (a table, or a Redis key) of rows; a row is a set of places with a
text each, values within JSON included. What differs from run to run for no reason of the workload
is taken out: ``{unique}``, times of today, generated identifiers and what refers to them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from typing import Any

import psycopg
from psycopg import sql

from redhanded.lab.clock import epoch_s
from redhanded.lab.existing import COPIES
from redhanded.lab.reset import TABLES
from redhanded.lab.servers import Server

Row = dict[str, str]
State = dict[str, list[Row]]
"""Name of a table or key to its rows; a key has one row."""

EXPIRES = "(expires)"
TODAY_S = 86_400.0
GENERATED = """
    SELECT n.nspname, c.relname, a.attname
    FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
    JOIN pg_namespace n ON n.oid = c.relnamespace
    LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
    WHERE a.attnum > 0 AND (a.attidentity <> ''
      OR pg_get_expr(d.adbin, d.adrelid) ~* 'nextval\\(|random|uuid')
"""
REFERENCES = """
    SELECT n.nspname, c.relname, a.attname, fn.nspname, f.relname, fa.attname
    FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid
    JOIN pg_namespace n ON n.oid = c.relnamespace
    JOIN pg_class f ON f.oid = k.confrelid JOIN pg_namespace fn ON fn.oid = f.relnamespace
    CROSS JOIN LATERAL unnest(k.conkey, k.confkey) AS pair(mine, theirs)
    JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = pair.mine
    JOIN pg_attribute fa ON fa.attrelid = f.oid AND fa.attnum = pair.theirs
    WHERE k.contype = 'f'
"""
_EPOCH = re.compile(r"(?<![\d.])1\d{9}(?:\d{3})?(?:\.\d+)?(?!\d)")
_MOMENT = re.compile(
    r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d(?:\.\d{1,6})?)?(?:Z|[+-]\d\d(?::?\d\d)?)?"
)
_NAME_PART = re.compile(r"[0-9a-fA-F]{8}-[0-9a-fA-F-]{27}|[\w-]*\d[\w-]*")
"""Of a key that is not the same in two runs: what may be the identifier in it."""


def take_state(servers: Mapping[str, Server], unique: str, ignore: Sequence[str]) -> State:
    """All rows and keys of all services, without what ``ignore`` names."""
    found: State = {}
    for service, server in servers.items():
        prefix = f"{service}: " if len(servers) > 2 else ""
        for name, row in _rows(server):
            shown = prefix + (name.replace(unique, "{unique}") if unique else name)
            if any(fnmatchcase(name, pattern) for pattern in ignore):
                continue
            kept = {
                place: _steady(text, unique)
                for place, text in row.items()
                if not _ignored(name, place, ignore)
            }
            found.setdefault(shown, []).append(kept)
    return found


@dataclass(slots=True)
class Volatile:
    """What differs between two runs of the same order."""

    places: set[tuple[str, str]] = field(default_factory=set)
    """Collection and place."""
    collections: set[str] = field(default_factory=set)
    """Those that are not compared at all."""
    steady: frozenset[str] = frozenset()
    """Keys that were there before the workload: their numbers are names and no identifiers."""

    def learn(self, first: State, second: State) -> None:
        """Takes note of the differences of two runs that should have ended alike."""
        mine, theirs = self._named(first), self._named(second)
        for name in mine.keys() | theirs.keys():
            rows, others = mine.get(name, []), theirs.get(name, [])
            if len(rows) != len(others):
                if not _expire(rows + others):
                    self.collections.add(name)
                continue
            places = {place for row in rows + others for place in row}
            differing = {each for each in places if _column(rows, each) != _column(others, each)}
            self.places |= {(name, place) for place in differing}
            if not differing and _sorted(rows) != _sorted(others):
                self.collections.add(name)

    def without(self, state: State) -> State:
        """``state`` as it is compared."""
        return {
            name: [
                {place: text for place, text in row.items() if (name, place) not in self.places}
                for row in rows
            ]
            for name, rows in self._named(state).items()
            if name not in self.collections
        }

    def _named(self, state: State) -> State:
        """New keys with an identifier in their name are put together, like the rows of a table:
        which one a delivery gets depends on who asks first."""
        found: State = {}
        for name, rows in state.items():
            new = name not in self.steady and EXPIRES in rows[0]
            found.setdefault(_NAME_PART.sub("*", name) if new else name, []).extend(rows)
        return found


def difference(here: State, there: State) -> str:
    """The first thing in which ``here`` differs from ``there``, for a sentence; empty: nothing.

    A key that runs out by itself may be gone in either.
    """
    for name in sorted(here.keys() | there.keys()):
        mine, theirs = here.get(name, []), there.get(name, [])
        if _sorted(mine) == _sorted(theirs) or (not (mine and theirs) and _expire(mine + theirs)):
            continue
        only_here = [row for row in mine if row not in theirs]
        only_there = [row for row in theirs if row not in mine]
        if only_here and only_there and len(mine) == len(theirs):
            pairs = [_shown(mine, theirs) for mine in only_here for theirs in only_there]
            return f"{name} has {min(pairs, key=len)}"
        if len(mine) != len(theirs):
            rows = only_here or only_there or mine or theirs
            return f"{name} has {len(mine)} rows instead of {len(theirs)}, e.g. {_short(rows[0])}"
        return f"{name} has {_short(mine[0])} otherwise than often"
    return ""


def _shown(here: Row, there: Row) -> str:
    places = [place for place in here.keys() | there.keys() if here.get(place) != there.get(place)]
    said = [
        f"{place} {here.get(place, 'missing')!r} instead of {there.get(place, 'missing')!r}"
        for place in sorted(places)[:3]
    ]
    return ", ".join(said)


def _short(row: Row) -> str:
    return ", ".join(f"{place} {text!r}" for place, text in sorted(row.items())[:4])[:200]


def _sorted(rows: Iterable[Row]) -> list[list[tuple[str, str]]]:
    return sorted(sorted(row.items()) for row in rows)


def _column(rows: Sequence[Row], place: str) -> list[str]:
    return sorted(row.get(place, "") for row in rows)


def _expire(rows: Sequence[Row]) -> bool:
    return all(row.get(EXPIRES) == "yes" for row in rows)


def _ignored(name: str, place: str, ignore: Sequence[str]) -> bool:
    spots = [".".join(place.split(".")[:end]) for end in range(1, place.count(".") + 2)]
    return any(fnmatchcase(f"{name}.{spot}", pattern) for spot in spots for pattern in ignore)


def _steady(text: str, unique: str) -> str:
    text = text.replace(unique, "{unique}") if unique else text
    text = _MOMENT.sub(lambda found: "(now)" if _is_today(_epoch_of(found[0])) else found[0], text)
    return _EPOCH.sub(lambda found: "(now)" if _is_today(_seconds(found[0])) else found[0], text)


def _timeless(score: float) -> float:
    return 0.0 if _steady(json.dumps(score), "") == "(now)" else score


def _seconds(text: str) -> float:
    return float(text) / (1000.0 if len(text.partition(".")[0]) == 13 else 1.0)


def _epoch_of(text: str) -> float:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return 0.0
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def _is_today(at_s: float) -> bool:
    return abs(at_s - epoch_s()) < TODAY_S


def _rows(server: Server) -> Iterator[tuple[str, Row]]:
    if server.admin is not None:
        yield from _table_rows(server.admin)
    elif server.client is not None:
        for number in server.databases():
            client = server.database(number)
            prefix = "" if number == server.own_database else f"{number}/"
            for key in sorted(client.keys("*")):
                yield prefix + _text(key), _key_row(client, key)


def _table_rows(connection: psycopg.Connection[Any]) -> Iterator[tuple[str, Row]]:
    generated = _generated(connection)
    for schema, table in connection.execute(TABLES, (COPIES,)).fetchall():
        name = table if schema == "public" else f"{schema}.{table}"
        query = sql.SQL("SELECT to_jsonb(t) FROM {} t").format(sql.Identifier(schema, table))
        for (row,) in connection.execute(query):
            kept = {
                column: value
                for column, value in row.items()
                if (schema, table, column) not in generated
            }
            yield name, dict(_flat(kept, ""))


def _generated(connection: psycopg.Connection[Any]) -> set[tuple[str, str, str]]:
    """Columns that the database fills by itself, and those that refer to them."""
    found = {(row[0], row[1], row[2]) for row in connection.execute(GENERATED)}
    references = connection.execute(REFERENCES).fetchall()
    while more := {row[:3] for row in references if row[3:] in found} - found:
        found |= more
    return found


def _key_row(client: Any, key: bytes) -> Row:
    kind = _text(client.type(key))
    row = {"(type)": kind, EXPIRES: "yes" if client.pttl(key) > 0 else "no"}
    return row | dict(_flat(_content(client, key, kind), ""))


def _content(client: Any, key: bytes, kind: str) -> Any:
    match kind:
        case "string":
            return _parsed(_text(client.get(key)))
        case "hash":
            return {_text(each): _parsed(_text(it)) for each, it in client.hgetall(key).items()}
        case "list":
            return [_parsed(_text(each)) for each in client.lrange(key, 0, -1)]
        case "set":
            return sorted(_text(each) for each in client.smembers(key))
        case "zset":
            scored = client.zrange(key, 0, -1, withscores=True)
            members = [{"member": _text(each), "score": score} for each, score in scored]
            # Times are as good as any other, and so is their order.
            return sorted(members, key=lambda each: (_timeless(each["score"]), each["member"]))
        case "stream":
            entries = [fields for _, fields in client.xrange(key)]
            return [{_text(each): _text(it) for each, it in fields.items()} for fields in entries]
        case _:
            return None


def _flat(value: Any, place: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        for name, each in value.items():
            yield from _flat(each, f"{place}.{name}" if place else str(name))
    elif isinstance(value, list):
        yield f"{place}(length)", str(len(value))
        for number, each in enumerate(value):
            yield from _flat(each, f"{place}.{number}" if place else str(number))
    else:
        yield place or "value", value if isinstance(value, str) else json.dumps(value)


def _parsed(text: str) -> Any:
    """What a JSON object or array says; any other text as it is."""
    if text[:1] not in ("{", "["):
        return text
    try:
        return json.loads(text)
    except ValueError:
        return text


def _text(value: Any) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
