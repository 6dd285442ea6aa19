"""Lock the row as it is read, so that nobody changes it before the write that rests on it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from redhanded.case.evidence import Location
from redhanded.case.fix import FixPart
from redhanded.case.operation import Operation
from redhanded.hunt.repair import locked_rows
from redhanded.hunt.repair.python import row_lock as python
from redhanded.hunt.repair.remedy import Ground, part
from redhanded.source import edit

name = "row-lock"
_ENDS = frozenset({"COMMIT", "ROLLBACK"})


def parts(ground: Ground) -> tuple[FixPart, ...]:
    """Part ``d``, where every read that a write rests on can be given a lock."""
    table = ground.table
    write = ground.place("write")
    if table is None or write is None or ground.constraint is not None:
        return ()
    files: dict[str, str] = {}
    reads = places(ground, table)
    for path in dict.fromkeys(each.path for each in reads):
        way = _way(path)
        lines = sorted({each.line for each in reads if each.path == path})
        text = way(ground, path, lines, table) if way is not None else None
        if text is None:
            return ()
        files[path] = text
    if not files:
        return ()
    listed = ", ".join(f"{each.path}:{each.line}" for each in reads)
    return (
        part(
            ground,
            key="d",
            remedy=name,
            title=f"Lock the {table} row when it is read",
            why=(
                f"What is read at {listed} is written back in the same transaction. With FOR "
                "UPDATE a second transaction waits there until the first has committed, and then "
                "reads what it wrote. It also waits where it would only have looked."
            ),
            files=files,
        ),
    )


def _way(path: str) -> Callable[[Ground, str, Sequence[int], str], str | None] | None:
    """How reads are given a lock in the language of a file."""
    if edit.is_python(path):
        return python.locked
    return locked_rows.locked if edit.is_script(path) else None


def places(ground: Ground, table: str) -> tuple[Location, ...]:
    """Lines of the failing run that read ``table`` before the same transaction wrote it; none where
    a read that was written back stood outside of that, and a lock would be gone before."""
    run = ground.reproduction.run
    found: dict[tuple[str, int], Location] = {}
    for write in run.operations if run else ():
        if write.name.target != table or write.name.kind != "UPDATE":
            continue
        read = _read_before(write, run.operations if run else ())
        if read is not None and read.location is not None:
            if not _in_one_transaction(read, write):
                return ()
            place = next(iter(read.stack), read.location)
            found.setdefault((place.path, place.line), place)
    return tuple(found.values())


def _read_before(write: Operation, operations: tuple[Operation, ...]) -> Operation | None:
    """The last read of the same table that its own transaction made before."""
    mine = [
        each
        for each in operations
        if each.index < write.index
        and (each.name.task, each.process) == (write.name.task, write.process)
    ]
    for each in reversed(mine):
        if each.name.kind in _ENDS:
            return None
        if each.name.kind == "SELECT" and each.name.target == write.name.target:
            return each
    return None


def _in_one_transaction(one: Operation, other: Operation) -> bool:
    same = (one.connection, one.transaction) == (other.connection, other.transaction)
    return same and one.transaction is not None
