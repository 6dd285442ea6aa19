"""Whose work a row of PostgreSQL is: which delivery a job that lies in a table belongs to.

A job is inserted by one process and comes back in an answer to another. The link is its primary
key: which keys are new after a statement is asked of the database, since no statement needs to say
them, and an answer that was looked for without naming a row hands out those that it returns.

Watched are the tables at which a process looked that had heard of nothing; in the first trial all.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from redhanded.case.operation import Touch
from redhanded.lab.footprint import ANYTHING, resource_name
from redhanded.lab.held import Held
from redhanded.lab.proxy import Channel
from redhanded.lab.wire.postgres import PostgresStream
from redhanded.lab.wire.postgres_rows import Column, Row, rows_in
from redhanded.lab.wire.unit import Unit

Ask = Callable[[str, str], list[tuple[Any, ...]] | None]
"""Gives the rows of a query to a service; None if they cannot be had now."""
Key = tuple[str, ...]
Place = tuple[str, str]
"""Service and table."""
ROWS_MAX = 5_000
"""A larger table is not watched."""
TABLES = """
SELECT n.nspname, c.relname, quote_ident(n.nspname) || '.' || quote_ident(c.relname), k.names,
  k.numbers, ARRAY(SELECT attname::text FROM pg_attribute WHERE attrelid = c.oid AND attnum > 0),
  (SELECT json_agg(json_build_array(p.oid::int8, pn.nspname, p.relname))
    FROM pg_partition_tree(c.oid) t JOIN pg_class p ON p.oid = t.relid
    JOIN pg_namespace pn ON pn.oid = p.relnamespace), c.oid::int8
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
CROSS JOIN LATERAL (
  SELECT array_agg(a.attname::text ORDER BY u.nth) AS names,
    array_agg(a.attnum::int ORDER BY u.nth) AS numbers
  FROM (SELECT i.indkey FROM pg_index i
    WHERE i.indrelid = c.oid AND i.indisunique AND i.indpred IS NULL AND i.indexprs IS NULL
    ORDER BY i.indisprimary DESC, i.indnkeyatts, i.indexrelid LIMIT 1) AS chosen
  CROSS JOIN LATERAL unnest(chosen.indkey::int2[]) WITH ORDINALITY AS u(number, nth)
  JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = u.number) AS k
WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND k.names IS NOT NULL
  AND n.nspname !~ '^(pg_|information_schema$|redhanded_)'
"""
"""Every table with a key: schema, name, both as SQL, columns of the key and their numbers, all
columns, its partitions and itself, its OID."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A table whose rows can be told apart."""

    service: str
    resource: str
    sql: str
    key: tuple[str, ...]
    numbers: tuple[int, ...]
    """Of the columns of the key."""
    columns: frozenset[str]
    """All of them."""
    oid: int
    family: frozenset[int]
    """OIDs of itself and its partitions."""


@dataclass(frozen=True, slots=True)
class Job:
    """Whose row it is, which operation inserted it, and where."""

    task: str
    index: int
    place: Place


class JobRows:
    """What each task inserted."""

    def __init__(self, ask: Ask) -> None:
        self._ask = ask
        self._tables: dict[str, dict[str, Table]] = {}
        """By service and resource; partitions lead to their table."""
        self._strangers: dict[str, frozenset[int]] = {}
        """OIDs of all tables of a service."""
        self._watched: set[Table] = set()
        self._too_large: dict[Table, None] = {}
        self._there: dict[Table, set[Key]] = {}
        self._jobs: dict[Table, dict[Key, Job]] = {}
        self._rehearsed = False

    def begin(self, services: Iterable[str]) -> None:
        """Starts a trial: forgets whose rows there are."""
        for service in services:
            if service not in self._tables:
                self._read_tables(service)
        every = (each for tables in self._tables.values() for each in tables.values())
        looked_at = self._watched if self._rehearsed else {*every}
        self._rehearsed = self._rehearsed or bool(self._tables)
        self._jobs.clear()
        self._there = {
            table: keys for table in looked_at if (keys := self._keys(table)) is not None
        }

    def looked_at(self, held: Held) -> None:
        """Watches the tables that something touched which was sent for nobody."""
        self._watched.update(self._touched(held.service, held.touches))

    def wrote(self, held: Held, task: str) -> frozenset[Place]:
        """Learns which rows a finished and committed operation inserted, for ``task`` or nobody.

        Gives the tables that got new ones.
        """
        grown = set()
        writes = [touch for touch in held.touches if touch.access == "write"]
        for table in self._touched(held.service, writes):
            before = self._there.get(table)
            now = self._keys(table) if before is not None else None
            if before is None or now is None:
                continue
            self._there[table] = now
            for key in now - before if task else ():
                place = (table.service, table.resource)
                self._jobs.setdefault(table, {})[key] = Job(task, held.index, place)
                grown.add(place)
        return frozenset(grown)

    def handed_out(self, held: Held) -> list[Job]:
        """The jobs that an answer returns, in its order."""
        jobs = [
            table
            for table in self._touched(held.service, held.touches)
            if table in self._jobs and not _names_a_row(table, held.touches)
        ]
        found: dict[Job, None] = {}
        for columns, row in _answered(held) if jobs else ():
            for table in _likely(jobs, columns):
                if (job := self._job_in(table, columns, row)) is not None:
                    found[job] = None
        return list(found)

    def sentences(self) -> list[str]:
        """What could not be watched."""
        return [
            f"{table.service}: {table.resource} holds more than {ROWS_MAX} rows; whose jobs they "
            "are is not followed."
            for table in self._too_large
        ]

    def _job_in(self, table: Table, columns: tuple[Column, ...], row: Row) -> Job | None:
        """The job of ``table`` that a row of an answer is; None if there is none, or several."""
        known = key_in(table, columns, row, self._strangers[table.service])
        if not known:
            return None
        jobs = self._jobs[table]
        if len(known) == len(table.key):
            return jobs.get(tuple(known[nth] for nth in range(len(table.key))))
        fitting = [
            job
            for key, job in jobs.items()
            if all(key[nth] == value for nth, value in known.items())
        ]
        return fitting[0] if len({job.task for job in fitting}) == 1 else None

    def _touched(self, service: str, touches: Iterable[Touch]) -> list[Table]:
        tables = self._tables.get(service, {})
        names = {touch.resource for touch in touches}
        if ANYTHING in names:
            return list(dict.fromkeys(self._there))
        return list(dict.fromkeys(tables[name] for name in sorted(names) if name in tables))

    def _keys(self, table: Table) -> set[Key] | None:
        """The keys that are there now; None if that is not known."""
        if table in self._too_large:
            return None
        columns = ", ".join(_quoted(name) + "::text" for name in table.key)
        rows = self._ask(table.service, f"SELECT {columns} FROM {table.sql} LIMIT {ROWS_MAX + 1}")
        if rows is not None and len(rows) > ROWS_MAX:
            self._too_large[table] = None
            return None
        return None if rows is None else set(rows)

    def _read_tables(self, service: str) -> None:
        found: dict[str, Table] = {}
        oids: set[int] = set()
        for row in self._ask(service, TABLES) or ():
            schema, name, sql, key, numbers, columns, family, oid = row
            parts = family or [[oid, schema, name]]
            table = Table(
                service=service,
                resource=resource_name(schema, name),
                sql=sql,
                key=tuple(key),
                numbers=tuple(numbers),
                columns=frozenset(columns),
                oid=oid,
                family=frozenset({oid, *(each for each, _, _ in parts)}),
            )
            oids |= table.family
            for _, part_schema, part in [(oid, schema, name), *parts]:
                found[resource_name(part_schema, part)] = table
        self._tables[service], self._strangers[service] = found, frozenset(oids)


def key_in(
    table: Table, columns: tuple[Column, ...], row: Row, tables: frozenset[int]
) -> dict[int, str]:
    """What a row of an answer says of the key of ``table``: by place in the key.

    A column of another table that is called like it is none; one that is computed may be.
    """
    found: dict[int, str] = {}
    for column, value in zip(columns, row, strict=False):
        if value is None:
            continue
        if column.table == table.oid:
            nth = _position(column.number, table.numbers)
        elif column.table in table.family or column.table not in tables:
            nth = _position(column.name, table.key)
        else:
            continue
        if nth is not None:
            found.setdefault(nth, value)
    return found


def _likely(tables: list[Table], columns: tuple[Column, ...]) -> list[Table]:
    """The tables that rows with these columns may be of: where the answer does not say it, as that
    of a function does not, those that have most columns of these names."""
    said = [table for table in tables if any(each.table in table.family for each in columns)]
    if said or len(tables) == 1:
        return said or tables
    names = {each.name for each in columns}
    most = max(len(names & table.columns) for table in tables)
    return [table for table in tables if len(names & table.columns) == most]


def _position(one: object, among: tuple[Any, ...]) -> int | None:
    return among.index(one) if one in among else None


def _names_a_row(table: Table, touches: Iterable[Touch]) -> bool:
    """Whether a statement says which row it is about, so that it looks for none."""
    named = [
        set(table.key) <= {column for column, _ in touch.row}
        for touch in touches
        if touch.resource == table.resource
    ]
    return bool(named) and all(named)


def _answered(held: Held) -> Iterator[tuple[tuple[Column, ...], Row]]:
    if held.unit is None or held.channel is None:
        return iter(())
    return answered_rows(bytes(held.answer), held.unit, held.channel)


def answered_rows(
    answer: bytes, unit: Unit, channel: Channel
) -> Iterator[tuple[tuple[Column, ...], Row]]:
    """The rows in the answer to a unit; see ``rows_in``."""
    stream = channel.stream
    if not isinstance(stream, PostgresStream) or not unit.statements:
        return iter(())
    last = unit.statements[-1]
    return rows_in(answer, stream.prepared.columns_of(last.sql), last.results)


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
