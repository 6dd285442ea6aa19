"""Counts files on the workers of a Dask cluster; needs the extra ``cluster``.

Every worker has to see the files under the names given (a shared or mounted store), and to have
redhanded installed. A worker that dies has its files counted by another one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from importlib.util import find_spec
from typing import Any

from redhanded.case.errors import UsageError
from redhanded.logs.cluster.counting import Counts, added, count_files
from redhanded.logs.files import LogFile

RETRIES = 3
"""Of a shard whose worker died or failed."""
ADDED_AT_ONCE = 16
"""Results that are added up before the next ones are fetched."""


def connected(address: str) -> AbstractContextManager[Any]:
    """A client of the scheduler at ``address``, e.g. ``tcp://scheduler:8786``.

    Raises ``UsageError`` where the extra is missing or nobody answers.
    """
    if find_spec("distributed") is None:
        raise UsageError(
            "a cluster needs the extra `cluster`: pip install 'redhanded[cluster]', here and on "
            "every worker"
        )
    from distributed import Client

    try:
        return Client(address, timeout="10s", set_as_default=False)  # type: ignore[no-untyped-call]
    except (OSError, ValueError, TimeoutError) as error:
        raise UsageError(
            f"no Dask scheduler answers at {address} ({error}); start one with `dask scheduler`, "
            "or give its address as tcp://HOST:8786"
        ) from error


def count_on(
    client: Any,
    shards: Sequence[Sequence[LogFile]],
    say: Callable[[str], None] = lambda sentence: None,
) -> Counts:
    """The counts of all shards. Each is read where the scheduler puts it; only counts come back.

    Raises ``UsageError`` where a shard failed on every worker that tried it.
    """
    futures = [
        client.submit(count_files, tuple(shard), retries=RETRIES, pure=False, key=f"logs-{number}")
        for number, shard in enumerate(shards)
    ]
    sums: list[Counts] = []
    for begin in range(0, len(futures), ADDED_AT_ONCE):
        batch = futures[begin : begin + ADDED_AT_ONCE]
        sums = [added([*sums, *_results(client, batch)])]
        say(f"counted {min(begin + ADDED_AT_ONCE, len(futures)):,} of {len(futures):,} shards")
        for future in batch:
            future.release()
    return added(sums)


def shards_of(files: Sequence[LogFile], bytes_max: int = 256_000_000) -> list[list[LogFile]]:
    """Files in the order given, together up to ``bytes_max``; a larger one is alone."""
    shards: list[list[LogFile]] = []
    room = 0
    for file in files:
        if not shards or file.size > room:
            shards.append([])
            room = bytes_max
        shards[-1].append(file)
        room -= file.size
    return shards


def _results(client: Any, futures: Sequence[Any]) -> list[Counts]:
    from distributed import KilledWorker

    try:
        return list(client.gather(list(futures)))
    except KilledWorker as error:
        raise UsageError(
            f"a shard ended every worker that read it ({error}); give the workers more memory, or "
            "split its file"
        ) from error
