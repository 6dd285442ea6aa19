"""Lock the row as it is read, so that nobody changes it before the write that rests on it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
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
    table = ground.table
    if table is None or ground.place("write") is None or ground.constraint is not None:
        return ()
    met = written_back(ground, table)
    together = all(each.together for each in met)
    if not together and any(each.together or not each.in_one_file for each in met):
        return ()
    ways, (title, why) = (_LOCKS, _LOCKED) if together else (_ENCLOSES, _ENCLOSED)
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


def _read_before(write: Operation, operations: tuple[Operation, ...]) -> Operation | None:
    """The last read of the same table that was made for it before; not what a library looks up for
    the write itself."""
    return next(
        (
            each
            for each in reversed(operations[: write.index])
            if (each.name.task, each.process) == (write.name.task, write.process)
            and (each.name.kind, each.name.target) == ("SELECT", write.name.target)
            and each.location != write.location
        ),
        None,
    )


def _in_one_transaction(one: Operation, other: Operation) -> bool:
    same = (one.connection, one.transaction) == (other.connection, other.transaction)
    return same and one.transaction is not None
