"""Ways to read a log, each run in a process of its own: ``python log_ways.py WAY FILE LINES``.

Prints one JSON object: lines, seconds on the clock and of the processor, peak memory, templates.
A process for each run, so that its peak memory is its own and no cache is warm.
"""

from __future__ import annotations

import json
import re
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

import held

if TYPE_CHECKING:
    from redhanded.logs.files import LogFile

BLOCK_BYTES = 1 << 18


def blocks(path: Path, lines_max: int) -> Iterator[bytes]:
    """Whole lines in blocks, without the last newline of each."""
    left, rest = lines_max, b""
    with path.open("rb") as file:
        while left > 0 and (read := file.read(BLOCK_BYTES)):
            block, _, rest = (rest + read).rpartition(b"\n")
            count = block.count(b"\n") + 1
            if count > left:
                block = b"\n".join(block.split(b"\n", left)[:left])
            left -= count
            yield block


def plain_loop(path: Path, lines_max: int) -> tuple[int, int]:
    count = 0
    with path.open("rb") as file:
        for _line in file:
            count += 1
            if count == lines_max:
                break
    return count, 0


def one_regex(path: Path, lines_max: int) -> tuple[int, int]:
    """Blanks tokens that hold a digit or a slash."""
    mask = re.compile(rb"\S*[\d/]\S*").sub
    ids: dict[bytes, int] = {}
    count = 0
    for block in blocks(path, lines_max):
        for line in block.split(b"\n"):
            ids.setdefault(mask(b"<*>", line), len(ids))
            count += 1
    return count, len(ids)


def drain3(path: Path, lines_max: int) -> tuple[int, int]:
    """With its defaults."""
    from drain3 import TemplateMiner
    from drain3.template_miner_config import TemplateMinerConfig

    miner = TemplateMiner(config=TemplateMinerConfig())
    count = 0
    for block in blocks(path, lines_max):
        for line in block.decode().split("\n"):
            miner.add_log_message(line)
            count += 1
    return count, len(miner.drain.clusters)


def miner(path: Path, lines_max: int) -> tuple[int, int]:
    from redhanded.logs.templates import Miner

    found, count = Miner(), 0
    for block in blocks(path, lines_max):
        count += len(found.ids(block))
    return count, len(found.finish().texts)


def columns(path: Path, lines_max: int, processes: int = 1) -> tuple[int, int]:
    """All columns in memory."""
    from redhanded.logs.columns import read_columns

    found = read_columns(_files(path, lines_max), processes=processes)
    return int(found.lines.sum()), len(found.templates)


def columns_by_two(path: Path, lines_max: int) -> tuple[int, int]:
    return columns(path, lines_max, processes=2)


def streamed(path: Path, lines_max: int, processes: int = 1) -> tuple[int, int]:
    """Columns block by block, none of them kept."""
    from redhanded.logs.columns import ColumnReader, stream

    reader = ColumnReader()
    parts = stream(reader, _files(path, lines_max), processes=processes)
    count = sum(int(rows.lines.sum()) for rows in parts)
    return count, len(reader.columns((), ()).templates)


def streamed_by_two(path: Path, lines_max: int) -> tuple[int, int]:
    return streamed(path, lines_max, processes=2)


def records(path: Path, lines_max: int) -> tuple[int, int]:
    """The record reader alone, entry by entry."""
    from redhanded.logs.read import read

    count = 0
    for record in read(_files(path, lines_max)):
        count += record.text.count("\n") + 1
        if count >= lines_max:
            break
    return count, 0


def _files(path: Path, lines_max: int) -> list[LogFile]:
    """The log, as many times as it takes to have so many lines."""
    from redhanded.logs.files import LogFile

    with path.open("rb") as file:
        each = sum(block.count(b"\n") for block in iter(lambda: file.read(1 << 20), b""))
    size = path.stat().st_size
    times = max(round(lines_max / each), 1)
    return [LogFile(path=path, name=f"{path.name} {time}", size=size) for time in range(times)]


def orjson_alone(path: Path, lines_max: int) -> tuple[int, int]:
    from orjson import loads

    return _decoded(path, lines_max, loads), 0


def msgspec_alone(path: Path, lines_max: int) -> tuple[int, int]:
    from msgspec.json import Decoder

    return _decoded(path, lines_max, Decoder().decode), 0


def _decoded(path: Path, lines_max: int, decode: Callable[[bytes], object]) -> int:
    count = 0
    for block in blocks(path, lines_max):
        for line in block.split(b"\n"):
            decode(line)
            count += 1
    return count


def command(path: Path, lines_max: int) -> tuple[int, int, float]:
    """``redhanded logs`` as a person runs it; the last number is the most that its processes held
    together, MiB."""
    script = str(Path(sys.executable).with_name("redhanded"))
    arguments = [script, "logs", "--no-index", "--format", "json", str(path)]
    with (
        subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process,
        held.watched(process.pid) as peak,
    ):
        said, _ = process.communicate()
    if process.returncode:
        raise RuntimeError(f"redhanded logs ended with {process.returncode}")
    found = json.loads(said)
    return found["entries"], found["templates"], peak.mib


COLUMN_WAYS: dict[str, Callable[[Path, int], tuple[int, int]]] = {
    "redhanded columns": columns,
    "redhanded columns, two processes": columns_by_two,
    "redhanded streamed": streamed,
    "redhanded streamed, two processes": streamed_by_two,
}
IMPORTS = {
    "drain3 defaults": "drain3",
    "redhanded miner": "redhanded.logs.templates",
    **dict.fromkeys(COLUMN_WAYS, "redhanded.logs.columns"),
    "redhanded record reader": "redhanded.logs.read",
    "orjson alone": "orjson",
    "msgspec alone": "msgspec.json",
}
"""Imported before the clock starts."""
WAYS: dict[str, Callable[[Path, int], tuple[int, int] | tuple[int, int, float]]] = {
    "plain line loop": plain_loop,
    "one regex": one_regex,
    "drain3 defaults": drain3,
    "redhanded miner": miner,
    "redhanded record reader": records,
    **COLUMN_WAYS,
    "redhanded logs": command,
    "orjson alone": orjson_alone,
    "msgspec alone": msgspec_alone,
}


def _peak_mib() -> float:
    """Of this program; what the kernel's usage counter says includes the one that started it."""
    status = Path("/proc/self/status").read_text()
    return int(re.search(r"VmHWM:\s+(\d+)", status)[1]) / 1024


def main() -> None:
    way, path, lines_max = sys.argv[1:]
    if way in IMPORTS:
        import_module(IMPORTS[way])
    wall, processor = time.perf_counter(), time.process_time()
    count, templates, *peak_mib = WAYS[way](Path(path), int(lines_max))
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    spent = {
        "lines": count,
        "templates": templates,
        "wall_s": time.perf_counter() - wall,
        "processor_s": time.process_time() - processor + children.ru_utime + children.ru_stime,
        "peak_mib": peak_mib[0] if peak_mib else _peak_mib() + children.ru_maxrss / 1024,
    }
    print(json.dumps(spent))


if __name__ == "__main__":
    main()
