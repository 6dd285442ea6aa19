"""How long a scan of a large tree takes, and how much memory all of its processes hold.

``redhanded scan`` is run as a person runs it, on a generated tree (`source_tree`): with an empty
cache, again, and after one function was edited. Seconds of the processor stand beside those of the
clock, because other programs may run on the machine. The floor: the same files through ripgrep and
universal-ctags, or through ``grep -r`` where they are not installed.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from time import monotonic

import held
import source_tree
from part import Part, body

COLD_BAR_S = 20.0
WARM_BAR_S = 1.0
MEMORY_BAR_MB = 500
TIMEOUT_S = 1_800
Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ran:
    """One run of a program with all of its processes."""

    what: str
    files: int
    seconds: float
    cpu_s: float
    peak_mb: float
    """Most that all processes held together, each shared page counted once."""
    said: str = ""


def measure(files: int, many: int, *, seed: int, rounds: int, say: Progress) -> Part:
    """Both trees, one page."""
    done: list[Ran] = []
    with tempfile.TemporaryDirectory(prefix="bench-source-") as name:
        for count, times in ((files, rounds), (many, 1)):
            if count:
                say(f"writing {count:,} files")
                tree = Path(name) / str(count)
                written = source_tree.write(tree, count, seed)
                done += _over(tree, written, times, Path(name), say)
                shutil.rmtree(tree)
    return Part(
        title="Speed of a scan",
        body=body(
            "`redhanded scan` over a generated tree of services in JavaScript, TypeScript and "
            f"Python (seed {seed}). Cold: nothing is kept from before; warm: the same again; after "
            "one edit: the body of one function was changed. Seconds by the clock and of the "
            "processor, all processes counted; memory: the most that all of them held together, "
            f"looked at every {1000 * held.PAUSE_S:.0f} ms. Medians of {rounds} rounds for the "
            "smaller tree, one for the larger.",
            ("what", "files", "seconds", "processor seconds", "memory, MB", "found"),
            [_row(each) for each in done],
            _verdict(done, files),
        ),
        raw=done,
    )


def _over(tree: Path, files: int, rounds: int, folder: Path, say: Progress) -> list[Ran]:
    found: dict[str, list[Ran]] = {}
    _scan(source_tree.FAULTS / "gym", 0, folder / "first", "compiles")
    for number in range(rounds):
        kept = folder / f"cache-{files}-{number}"
        for what in ("cold", "warm", "warm after one edit"):
            if what == "warm after one edit":
                path = source_tree.edited(tree)
                say(f"edited {path.name}")
            one = _scan(tree, files, kept, what)
            say(f"{what}: {one.seconds:.1f} s, processor {one.cpu_s:.1f} s, {one.peak_mb:.0f} MB")
            found.setdefault(what, []).append(one)
        shutil.rmtree(kept)
    done = [_median(each) for each in found.values()]
    return [*done, *_floor(tree, files, folder)]


def _scan(tree: Path, files: int, kept: Path, what: str) -> Ran:
    program = Path(sys.executable).with_name("redhanded")
    command = [str(program), "scan", str(tree), "--format", "json", "--fail-on", "none"]
    told, ran = _run(command, _environment(kept), what, files)
    scan = json.loads(told)
    said = f"{scan['entries']:,} entries, {len(scan['findings'])} findings"
    return Ran(**{**_fields(ran), "said": said})


def _environment(kept: Path) -> dict[str, str]:
    """With our own code compiled, as it is where it was installed."""
    told = {one: text for one, text in os.environ.items() if one != "PYTHONDONTWRITEBYTECODE"}
    return told | {"XDG_CACHE_HOME": str(kept), "PYTHONPYCACHEPREFIX": str(kept.parent / "code")}


def _floor(tree: Path, files: int, folder: Path) -> list[Ran]:
    """What it costs to look at each byte, and to find each name."""
    done = []
    pattern = "SELECT|transaction"
    rg, ctags = shutil.which("rg"), shutil.which("ctags")
    search = [rg, "-c", pattern, str(tree)] if rg else ["grep", "-rcE", pattern, str(tree)]
    done.append(_run(search, os.environ, "ripgrep" if rg else "grep -r (no ripgrep)", files)[1])
    if ctags:
        command = [ctags, "-R", "-f", str(folder / "tags"), str(tree)]
        done.append(_run(command, os.environ, "ctags -R", files)[1])
    return done


def _run(
    command: list[str], environment: Mapping[str, str], what: str, files: int
) -> tuple[str, Ran]:
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as errors:
        began = monotonic()
        process = subprocess.Popen(command, stdout=out, stderr=errors, env=dict(environment))
        with held.watched(process.pid) as peak:
            try:
                _, status, usage = os.wait4(process.pid, 0)
            except BaseException:
                process.kill()
                raise
        seconds = monotonic() - began
        process.returncode = os.waitstatus_to_exitcode(status)
        out.seek(0)
        errors.seek(0)
        if process.returncode not in (0, 1):
            raise RuntimeError(f"{command[0]}: {errors.read()[-500:]!r}")
        text = out.read().decode("utf-8", "replace")
    cpu = usage.ru_utime + usage.ru_stime
    ran = Ran(
        what=what,
        files=files,
        seconds=round(seconds, 2),
        cpu_s=round(cpu, 2),
        peak_mb=round(max(peak.mib, usage.ru_maxrss / 1024), 1),
    )
    return text, ran


def _fields(one: Ran) -> dict[str, object]:
    return {name: getattr(one, name) for name in Ran.__dataclass_fields__}


def _median(runs: list[Ran]) -> Ran:
    return Ran(
        what=runs[0].what,
        files=runs[0].files,
        seconds=median(each.seconds for each in runs),
        cpu_s=median(each.cpu_s for each in runs),
        peak_mb=max(each.peak_mb for each in runs),
        said=runs[-1].said,
    )


def _row(one: Ran) -> tuple[str, ...]:
    numbers = (f"{one.files:,}", f"{one.seconds:.2f}", f"{one.cpu_s:.2f}", f"{one.peak_mb:.0f}")
    return (one.what, *numbers, one.said)


def _verdict(done: list[Ran], files: int) -> str:
    ours = {each.what: each for each in done if each.said and each.files <= files}
    cold, warm = ours["cold"], ours["warm after one edit"]
    memory = max(each.peak_mb for each in ours.values())
    return (
        f"{cold.files:,} files, by the clock, of which other programs had their share where the "
        f"processor seconds are fewer: cold **{cold.seconds:.1f} s** (bar {COLD_BAR_S:g}, "
        f"{'met' if cold.seconds <= COLD_BAR_S else 'missed'}), after one edit "
        f"**{warm.seconds:.2f} s** (bar {WARM_BAR_S:g}, "
        f"{'met' if warm.seconds <= WARM_BAR_S else 'missed'}), memory **{memory:.0f} MB** "
        f"(bar {MEMORY_BAR_MB}, {'met' if memory <= MEMORY_BAR_MB else 'missed'})."
    )
