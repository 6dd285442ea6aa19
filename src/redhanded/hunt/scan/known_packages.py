"""What was found in a package, kept by its name, version and content.

A package changes when another version is installed, and a scan looks at it once.
"""

from __future__ import annotations

import hashlib
import tempfile
from functools import cache as cached
from pathlib import Path

import msgspec

from redhanded.case.finding import Finding
from redhanded.hunt.suspect import rules
from redhanded.source.flow.kept_file import version

KEPT_MAX = 300
ENDING = ".package"


class Report(msgspec.Struct, frozen=True):
    """What a package's own files tell."""

    findings: tuple[Finding, ...]
    names: dict[str, tuple[str, ...]]
    """Of its functions, and what is called in them."""
    files: int = 0
    paths: int = 0
    limits: tuple[str, ...] = ()


@cached
def mark() -> str:
    """Of the code that looks."""
    digest = hashlib.blake2b(version(), digest_size=12)
    for path in sorted(Path(rules.__file__).parent.glob("*.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def kept(folder: Path | None, package: str) -> Report | None:
    """What was found before; None: nothing that can be used."""
    if folder is None:
        return None
    try:
        return _DECODER.decode(_place(folder, package).read_bytes())
    except (OSError, msgspec.MsgspecError):
        return None


def keep(folder: Path | None, package: str, report: Report) -> None:
    """Writes it down; a cache that cannot be written is none."""
    if folder is None:
        return
    target = _place(folder, package)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=target.parent) as draft:
            whole = Path(draft, "whole")
            whole.write_bytes(msgspec.json.encode(report))
            whole.replace(target)
        _prune(target.parent)
    except OSError:
        return


def _place(folder: Path, package: str) -> Path:
    return folder / "packages" / f"{package}-{mark()}{ENDING}"


def _prune(folder: Path) -> None:
    files = sorted(folder.glob(f"*{ENDING}"), key=lambda one: one.stat().st_mtime_ns)
    for one in files[:-KEPT_MAX]:
        one.unlink(missing_ok=True)


_DECODER = msgspec.json.Decoder(Report)
