"""Log files as columns: streamed, or all in memory; by one process or by several."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from redhanded.case.errors import InputError
from redhanded.logs.columns.columns import Columns, Rows, concatenated
from redhanded.logs.columns.planned import Plans, Tables
from redhanded.logs.columns.reading import rows_of_part
from redhanded.logs.columns.sharing import Part, shares
from redhanded.logs.columns.worker import Worker, start
from redhanded.logs.files import LogFile


class ColumnReader:
    """Reads files in constant memory; what the numbers stand for is known at the end.

    Two readers of different parts, merged, know what one of both would know.
    """

    def __init__(self) -> None:
        self.tables = Tables()
        self._plans = Plans(self.tables)

    def rows(self, part: Part) -> Iterator[Rows]:
        """The entries of a file, or of a part of it, in the order of their lines, some thousand at
        a time. Templates are ids, see ``columns``, which also says what could not be read."""
        return rows_of_part(part, self._plans)

    def merge(self, tables: Tables) -> Renumbering:
        """Takes over what another reader knows; rows of its are renumbered by what this gives."""
        self.tables.refused += tables.refused
        return Renumbering(
            template=self.tables.miner.merge(tables.miner),
            key=np.array([self.tables.key(name) for name in tables.keys], np.int16),
            source=np.array([self.tables.source(name) for name in tables.sources], np.int32),
        )

    def columns(self, files: Sequence[LogFile], parts: Iterable[Rows]) -> Columns:
        """All rows, which are read now if ``parts`` reads them, with their templates and names.

        Files that cannot be read are left out, and the limits say so, if others can be. Raises
        ``InputError`` as the record reader does if none can.
        """
        rows = concatenated(parts)
        refused = self.tables.refused
        if refused and (len(files) == 1 or not len(rows)):
            raise InputError(refused[0])
        templates = self.tables.miner.finish()
        return Columns(
            file=rows.file,
            offset=rows.offset,
            line=rows.line,
            lines=rows.lines,
            at_ms=rows.at_ms,
            level=rows.level,
            template=templates.of_id[rows.template] if len(rows) else rows.template,
            source=rows.source,
            id_row=rows.id_row,
            id_key=rows.id_key,
            id_value=rows.id_value,
            files=tuple(file.name for file in files),
            sources=tuple(self.tables.sources),
            keys=tuple(self.tables.keys),
            templates=templates.texts,
            limits=(*self.tables.limits(), *templates.limits),
        )


class Renumbering:
    """Numbers of one reader to those of another."""

    def __init__(
        self, *, template: NDArray[np.int32], key: NDArray[np.int16], source: NDArray[np.int32]
    ) -> None:
        self._template, self._key, self._source = template, key, source

    def of(self, rows: Rows) -> Rows:
        keys = self._key[rows.id_key] if len(rows.id_key) else rows.id_key
        kept = keys >= 0
        return replace(
            rows,
            template=self._template[rows.template],
            source=self._source[rows.source],
            id_row=rows.id_row[kept],
            id_key=keys[kept],
            id_value=rows.id_value[kept],
        )


def read_columns(files: Sequence[LogFile], *, processes: int = 1) -> Columns:
    """The entries of ``files``, about 75 bytes of memory for each; see ``stream`` for more than
    fit.

    With more ``processes`` each reads about the same number of bytes; what comes out is the same.
    Raises ``InputError`` if none of them can be read.
    """
    reader = ColumnReader()
    return reader.columns(files, stream(reader, files, processes=processes))


def stream(reader: ColumnReader, files: Sequence[LogFile], *, processes: int = 1) -> Iterator[Rows]:
    """The entries of ``files`` in order, in constant memory; the numbers are those of ``reader``.

    Other processes keep their rows in files until it is their turn.
    """
    own, *others = shares(files, processes)
    with ExitStack() as stack:
        workers: list[Worker] = [stack.enter_context(start(share)) for share in others]
        for part in own:
            yield from reader.rows(part)
        for worker in workers:
            renumbering = reader.merge(worker.tables())
            for rows in worker.rows():
                yield renumbering.of(rows)
