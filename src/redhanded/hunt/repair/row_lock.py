"""Lock the row as it is read, so that nobody changes it before the write that rests on it."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

from redhanded.case.evidence import Location
from redhanded.case.fix import FixPart
from redhanded.case.operation import Operation
from redhanded.hunt.repair import locked_rows, one_transaction
from redhanded.hunt.repair.python import one_transaction as python_transaction
from redhanded.hunt.repair.python import row_lock as python
from redhanded.hunt.repair.remedy import Ground, part
from redhanded.source import edit

name = "row-lock"
QUOTA = "quota-check"
_ID = re.compile(r"_?id$", re.IGNORECASE)
_WAITS = (
    "With FOR UPDATE a second transaction waits there until the first has committed, and then "
    "reads what it wrote. It also waits where it would only have looked."
)
_LOCKED = (
    "Lock the {table} row when it is read",
    f"What is read at {{reads}} is written back in the same transaction. {_WAITS}",
)
_ENCLOSED = (
    "Read and write the {table} row in one transaction, and lock it when it is read",
    f"What is read at {{reads}} is written back by a statement of its own. A transaction holds the "
    f"two together. {_WAITS}",
)
_LOCKED_FIRST = (
    "Lock the {table} row before the limit is looked at",
    "What is counted belongs to the {table} row that is read at {reads}. With FOR UPDATE a second "
    "transaction waits there until the first has committed, and then counts what it has added.",
)
_ENCLOSED_FIRST = (
    "Look at the limit and use it up in one transaction, and lock the {table} row first",
    _LOCKED_FIRST[1],
)
_Lines: TypeAlias = tuple[tuple[int, int], ...]
"""Those of reads and of the writes that rest on them."""
_Way: TypeAlias = Callable[[Ground, str, _Lines, str], str | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class WrittenBack:
    """A row that was read and then written."""

    read: Location
    write: Location | None
    together: bool
    """In one transaction."""

    @property
    def in_one_file(self) -> bool:
        """Whether the lines are known to stand in the same file."""
        return self.write is not None and self.write.path == self.read.path


def parts(ground: Ground) -> tuple[FixPart, ...]:
    """Part ``d``, where every read that a write rests on can be given a lock; in a transaction
    around both, where there is none."""
    if ground.table is None or ground.constraint is not None:
        return ()
    if ground.place("write") is None and ground.cause.mechanism != QUOTA:
        return ()
    table, met, how = ground.table, written_back(ground, ground.table), (_LOCKED, _ENCLOSED)
    if not met and ground.cause.mechanism == QUOTA:
        table, met = belonged_to(ground, ground.table)
        how = (_LOCKED_FIRST, _ENCLOSED_FIRST)
    together = all(each.together for each in met)
    if not together and any(each.together or not each.in_one_file for each in met):
        return ()
    ways, (title, why) = (_LOCKS, how[0]) if together else (_ENCLOSES, how[1])
    files: dict[str, str] = {}
    for path in dict.fromkeys(each.read.path for each in met):
        here = [each for each in met if each.read.path == path]
        lines = {(each.read.line, each.write.line if each.write else 0) for each in here}
        way = ways[0] if edit.is_python(path) else ways[1] if edit.is_script(path) else None
        text = way(ground, path, tuple(sorted(lines)), table) if way is not None else None
        if text is None:
            return ()
        files[path] = text
    if not files:
        return ()
    reads = ", ".join(dict.fromkeys(f"{each.read.path}:{each.read.line}" for each in met))
    said = (text.format(table=table, reads=reads) for text in (title, why))
    return (part(ground, key="d", remedy=name, title=next(said), why=next(said), files=files),)


def _reads(locked: Callable[[Ground, str, Sequence[int], str], str | None]) -> _Way:
    def way(ground: Ground, path: str, lines: _Lines, table: str) -> str | None:
        return locked(ground, path, sorted({read for read, _ in lines}), table)

    return way


_LOCKS = (_reads(python.locked), _reads(locked_rows.locked))
_ENCLOSES = (python_transaction.enclosed, one_transaction.enclosed)
"""Of Python, of JavaScript."""


def written_back(ground: Ground, table: str) -> tuple[WrittenBack, ...]:
    """What the failing run read of ``table`` and wrote after that, for the same delivery."""
    run = ground.reproduction.run
    found: dict[WrittenBack, None] = {}
    for write in run.operations if run else ():
        if write.name.target != table or write.name.kind != "UPDATE":
            continue
        read = _read_before(write, run.operations if run else ())
        if read is not None and read.location is not None:
            together = _in_one_transaction(read, write)
            found[WrittenBack(read=read.location, write=write.location, together=together)] = None
    return tuple(found)


def belonged_to(ground: Ground, table: str) -> tuple[str, tuple[WrittenBack, ...]]:
    """The table of the rows to which rows of ``table`` belong, and where the failing run read one
    before it added some; without any where that is not seen for all of them."""
    run = ground.reproduction.run
    operations = run.operations if run else ()
    found: dict[WrittenBack, None] = {}
    tables: set[str] = set()
    for write in operations:
        if write.name.target != table or write.name.kind != "INSERT":
            continue
        read = next(
            (each for each in reversed(operations[: write.index]) if _is_above(each, write)), None
        )
        if read is None or read.location is None:
            return table, ()
        together = _in_one_transaction(read, write)
        found[WrittenBack(read=read.location, write=write.location, together=together)] = None
        tables.add(read.name.target)
    return (tables.pop(), tuple(found)) if len(tables) == 1 else (table, ())


def _is_above(read: Operation, write: Operation) -> bool:
    """Whether it read the one row that an added one belongs to, as a column's name says."""
    mine = (read.name.task, read.process, read.name.kind)
    if mine != (write.name.task, write.process, "SELECT") or read.rows != 1:
        return False
    columns = {column for touch in write.touches for column, _ in touch.row}
    stems = {_plain(_ID.sub("", column)) for column in columns if _ID.search(column)}
    target = _plain(read.name.target.rpartition(".")[2])
    one = {target, re.sub("s$", "", target), re.sub("es$", "", target), re.sub("ies$", "y", target)}
    return read.name.target != write.name.target and any(
        name.endswith(stem) for stem in stems - {""} for name in one
    )


def _plain(name: str) -> str:
    return name.replace("_", "").lower()


def _read_before(write: Operation, operations: tuple[Operation, ...]) -> Operation | None:
    """The last read of the same row that was made for it before; not what a library looks up for
    the write itself."""
    return next(
        (
            each
            for each in reversed(operations[: write.index])
            if (each.name.task, each.process) == (write.name.task, write.process)
            and (each.name.kind, each.name.target) == ("SELECT", write.name.target)
            and each.location != write.location
            and not _of_other_rows(each, write)
        ),
        None,
    )


def _of_other_rows(read: Operation, write: Operation) -> bool:
    """Whether what both say of their rows differs."""
    return (
        bool(read.touches)
        and bool(write.touches)
        and not any(
            mine.conflicts(replace(theirs, access="read"))
            for mine in write.touches
            if mine.access == "write"
            for theirs in read.touches
        )
    )


def _in_one_transaction(one: Operation, other: Operation) -> bool:
    same = (one.connection, one.transaction) == (other.connection, other.transaction)
    return same and one.transaction is not None
