"""Measures counting logs shard by shard, alone and on a local Dask cluster; see ``--help``."""

from __future__ import annotations

import argparse
import os
import pickle
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path

import log_lines
from distributed import LocalCluster
from machine import describe_host, host_facts
from part import Part, body, write

from redhanded.lab.clock import monotonic_ms
from redhanded.logs.cluster.counting import Counts, added, count_files
from redhanded.logs.cluster.fan_out import connected, count_on
from redhanded.logs.cluster.grouping import by_duckdb, by_numpy
from redhanded.logs.files import LogFile, log_files
from redhanded.logs.index.large import large

RESULTS = Path(__file__).with_name("results")
WORKERS = 2
LINES = 400_000
FILES = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """One way to count the same files."""

    way: str
    seconds: float
    """By the clock."""
    cpu_seconds: float | None
    """Of this process; None where others worked."""
    lines: int
    megabytes: float


def part(arguments: argparse.Namespace, folder: Path) -> Part:
    """As a part of ``make bench-logs``."""
    logs = folder / "shards"
    logs.mkdir()
    files = laid_out(logs, min(arguments.lines, LINES), FILES, arguments.seed)
    return measure(files, folder / "index")


def main() -> int:
    """Measures alone."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lines", type=int, default=LINES, help="in all files together")
    parser.add_argument("--files", type=int, default=FILES)
    parser.add_argument("--seed", type=int, default=5)
    parser.add_argument("--out", type=Path, default=RESULTS)
    arguments = parser.parse_args()
    load = os.getloadavg()
    with tempfile.TemporaryDirectory() as folder:
        files = laid_out(Path(folder), arguments.lines, arguments.files, arguments.seed)
        part = measure(files, Path(folder, "index"))
    print(
        write(part, host_facts(describe_host(load), arguments.seed), arguments.out, "logs-shards")
    )
    return 0


def laid_out(folder: Path, lines: int, files: int, seed: int) -> tuple[LogFile, ...]:
    """Files one after the other in time, as rotation leaves them."""
    made = log_lines.mixed(lines, seed)
    for number in range(files):
        text = "".join(f"{line.text}\n" for line in islice(made, lines // files))
        (folder / f"part-{number:03d}.log").write_text(text, encoding="utf-8")
    return log_files([folder])[0]


def measure(files: Sequence[LogFile], folder: Path) -> Part:
    """The files counted in each way; all sums have to be the same."""
    counts: dict[str, Counts] = {}
    rows: list[Measured] = []
    size = sum(file.size for file in files) / 1e6

    def timed(way: str, own: bool = True) -> None:
        rows.append(
            Measured(
                way=way,
                seconds=(monotonic_ms() - began) / 1000,
                cpu_seconds=_cpu_seconds() - cpu if own else None,
                lines=counts[way].total,
                megabytes=size,
            )
        )

    for way, grouping in (("one process, DuckDB", by_duckdb), ("one process, numpy", by_numpy)):
        began, cpu = monotonic_ms(), _cpu_seconds()
        counts[way] = count_files(files, grouping=grouping)
        timed(way)
    with (
        LocalCluster(
            n_workers=WORKERS, threads_per_worker=1, dashboard_address=None, silence_logs=50
        ) as cluster,
        connected(cluster.scheduler_address) as client,
    ):
        client.submit(count_files, files[:1]).result()
        began, cpu = monotonic_ms(), _cpu_seconds()
        way = f"Dask, {WORKERS} workers"
        counts[way] = count_on(client, [[file] for file in files])
        timed(way, own=False)
    parts = [count_files([file]) for file in files]
    began = monotonic_ms()
    added(parts)
    adding_ms = monotonic_ms() - began
    bytes_of_one = max(len(pickle.dumps(each)) for each in parts)
    indexed = _indexed(files, folder)
    same = all(_key(each) == _key(counts[rows[0].way]) for each in counts.values())
    return _part(rows, same, adding_ms / len(parts), bytes_of_one, indexed)


def _indexed(files: Sequence[LogFile], folder: Path) -> tuple[float, float]:
    """Milliseconds of the first reading into an index, and of the next question."""
    spent = []
    for _ in range(2):
        began = monotonic_ms()
        large(files, folder, lambda sentence: None)
        spent.append(monotonic_ms() - began)
    return spent[0], spent[1]


def _key(counts: Counts) -> tuple[object, ...]:
    return (
        counts.templates,
        counts.window.tolist(),
        counts.template.tolist(),
        counts.entries.tolist(),
    )


def _cpu_seconds() -> float:
    spent = os.times()
    return spent.user + spent.system


def _part(
    rows: Sequence[Measured],
    same: bool,
    adding_ms: float,
    bytes_of_one: int,
    indexed: tuple[float, float],
) -> Part:
    table = [
        (
            row.way,
            f"{row.lines:,}",
            f"{row.seconds:.1f}",
            f"{row.lines / row.seconds:,.0f}",
            "" if row.cpu_seconds is None else f"{row.lines / row.cpu_seconds:,.0f}",
            "" if row.cpu_seconds is None else f"{row.megabytes / row.cpu_seconds:.1f}",
        )
        for row in rows
    ]
    verdict = (
        f"Counts, templates and windows of all ways are {'the same' if same else '**different**'}. "
        f"The counts of one shard are at most {bytes_of_one / 1000:,.0f} kB, adding one takes "
        f"{adding_ms:.1f} ms. An index of the same files was read and kept in {indexed[0]:,.0f} "
        f"ms; the next question had it in {indexed[1]:,.0f} ms."
    )
    text = (
        "Mixed lines of the generator in files that follow each other in time; each file is a "
        "shard. Counted are templates in windows of time, the worst level, the first time and the "
        "first line of each template. Other programs ran on this machine meanwhile: by the clock "
        "figures are low, per second of processor time they hold."
    )
    header = (
        "way", "lines", "seconds", "lines/s by the clock", "lines per CPU second", "MB per CPU s",
    )  # fmt: skip
    raw = {
        "rows": [asdict(row) for row in rows],
        "same": same,
        "adding_ms_per_shard": adding_ms,
        "bytes_of_one_shard_max": bytes_of_one,
        "index_first_ms": indexed[0],
        "index_next_ms": indexed[1],
    }
    return Part(
        title="Logs counted shard by shard", body=body(text, header, table, verdict), raw=raw
    )


if __name__ == "__main__":
    sys.exit(main())
