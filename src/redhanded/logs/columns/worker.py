"""Another process that reads a share of the files: ``python -m redhanded.logs.columns.worker``.

It gets its parts through its standard input, and leaves rows and tables in a private folder.
"""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from redhanded.case.errors import InputError
from redhanded.logs.columns.columns import Rows
from redhanded.logs.columns.planned import Plans, Tables
from redhanded.logs.columns.reading import rows_of_part
from redhanded.logs.columns.sharing import Part
from redhanded.logs.scratch import scratch_folder

_ROWS = "rows"
_TABLES = "tables"


class Worker:
    """A share that is being read."""

    def __init__(self, process: subprocess.Popen[bytes], folder: Path) -> None:
        self._process = process
        self._folder = folder

    def tables(self) -> Tables:
        """What its numbers stand for; waits until it has read everything.

        Raises ``InputError`` where the process was ended.
        """
        _, told = self._process.communicate()
        if self._process.returncode:
            raise InputError(
                "A process that read a part of the logs ended early (exit code "
                f"{self._process.returncode}); read them with one process. It said: "
                f"{told.decode(errors='replace').strip()[-500:]}"
            )
        with (self._folder / _TABLES).open("rb") as file:
            found: Tables = pickle.load(file)
        return found

    def rows(self) -> Iterator[Rows]:
        """Its entries, after ``tables``."""
        with (self._folder / _ROWS).open("rb") as file:
            while file.peek(1):
                found: Rows = pickle.load(file)
                yield found


@contextmanager
def start(share: Sequence[Part]) -> Iterator[Worker]:
    """A process that reads ``share``; ended with the block."""
    with scratch_folder() as folder:
        process = subprocess.Popen(
            [sys.executable, "-m", __name__, str(folder)],
            stdin=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        )
        try:
            assert process.stdin is not None
            process.stdin.write(pickle.dumps(list(share)))
            process.stdin.close()
            process.stdin = None
            yield Worker(process, folder)
        finally:
            process.kill()
            process.wait()
            if process.stderr is not None:
                process.stderr.close()


def main() -> int:
    folder = Path(sys.argv[1])
    share: list[Part] = pickle.load(sys.stdin.buffer)
    tables = Tables()
    plans = Plans(tables)
    with (folder / _ROWS).open("wb") as file:
        for part in share:
            for rows in rows_of_part(part, plans):
                pickle.dump(rows, file, pickle.HIGHEST_PROTOCOL)
    (folder / _TABLES).write_bytes(pickle.dumps(tables))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
