"""A log that has grown since it was read: only what is new is read."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace

from redhanded.logs.files import LogFile
from redhanded.logs.index.identity import FileIdentity, tail_of
from redhanded.logs.index.merging import before, behind, merged, without
from redhanded.logs.index.ranges import is_plain, records_at
from redhanded.logs.index.rows import IndexedFile
from redhanded.logs.scratch import scratch_folder


def has_grown(known: FileIdentity, file: LogFile, now: FileIdentity) -> bool:
    """Whether ``file`` begins with all that was ``known``, and more stands behind it."""
    return (
        now.size > known.size
        and replace(
            now, size=known.size, modified_ns=known.modified_ns, tail=known.tail, head=known.head
        )
        == known
        and is_plain(file)
        and tail_of(file.path, known.size) == known.tail
    )


def grown(
    part: IndexedFile,
    known: FileIdentity,
    file: LogFile,
    read_file: Callable[[LogFile], IndexedFile],
) -> IndexedFile | None:
    """``part`` and what was written after it; the last entry is read again, it may have been cut.

    None where what is new cannot be read alone: it is in another format than all before it.
    """
    last = len(part.columns) - 1
    ended = records_at(replace(file, size=known.size), part, [last]) if last > 0 else None
    if not ended:
        return None
    offset, line = int(part.columns.offset[last]), int(part.columns.line[last])
    with scratch_folder() as folder:
        path = folder / f"new{file.path.suffix}"
        with file.path.open("rb") as whole, path.open("wb") as new:
            whole.seek(offset)
            shutil.copyfileobj(whole, new, 1 << 20)
        size = min(path.stat().st_size, file.size - offset)
        fresh = read_file(LogFile(path=path, name=file.name, size=size))
    known_formats = set(part.facts.tally["formats"])
    if not set(fresh.facts.tally["formats"]) <= known_formats:
        return None
    kept = without(before(part, last), ended[0])
    return merged([kept, behind(fresh, offset=offset, line=line)])
