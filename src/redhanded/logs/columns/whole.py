"""Log files as columns: streamed, or all in memory."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from redhanded.logs.columns.columns import Columns, Rows, concatenated
from redhanded.logs.columns.planned import Plans, Tables
from redhanded.logs.columns.reading import rows_of_file
from redhanded.logs.files import LogFile


class ColumnReader:
    """Reads files in constant memory; what the numbers stand for is known at the end."""

    def __init__(self) -> None:
        self._tables = Tables()
        self._plans = Plans(self._tables)
        self._files: list[str] = []

    def rows(self, file: LogFile, start: int = 0, end: int | None = None) -> Iterator[Rows]:
        """The entries of a file in the order of their lines, some thousand at a time.

        ``start`` and ``end`` are offsets at which entries start; lines count from ``start``.
        Templates are ids, see ``finish``. Raises ``InputError`` as the record reader does.
        """
        self._files.append(file.name)
        yield from rows_of_file(file, len(self._files) - 1, self._plans, start, end)

    def finish(self, parts: Sequence[Rows]) -> Columns:
        """All rows that were read, with their templates and names."""
        templates = self._tables.miner.finish()
        rows = concatenated(parts)
        return Columns(
            file=rows.file,
            offset=rows.offset,
            line=rows.line,
            lines=rows.lines,
            at_ms=rows.at_ms,
            level=rows.level,
            template=templates.of_id[rows.template],
            source=rows.source,
            id_row=rows.id_row,
            id_key=rows.id_key,
            id_value=rows.id_value,
            files=tuple(self._files),
            sources=tuple(self._tables.sources),
            keys=tuple(self._tables.keys),
            templates=templates.texts,
            limits=templates.limits,
        )


def read_columns(files: Sequence[LogFile]) -> Columns:
    """The entries of ``files``, about 75 bytes of memory for each; see ``ColumnReader`` for more
    than fit.

    Raises ``InputError`` as the record reader does.
    """
    reader = ColumnReader()
    return reader.finish([rows for file in files for rows in reader.rows(file)])
