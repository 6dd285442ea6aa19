"""Faults that were put into safe services by script, and how many of them the scanner finds.

``faults/NAME/`` is a small service that is safe, in one of the frameworks, and ``mutants.toml``,
in which each mutant takes one safeguard away: files, a text that stands there once, and what stands
there instead. A mutant counts as found if a finding that the safe service does not have is of its
mechanism (or of one in ``also``, where the same edit opens both) and lies in a file that was edited
or that the edited code is reached through.

Services that are ``held_back`` were written after the rules, and nobody who writes rules has looked
at what is missed in them: they are counted apart.
"""

from __future__ import annotations

import shutil
import tempfile
import tomllib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import first_sight
from part import Part, body

from redhanded.case.finding import Finding

FAULTS = Path(__file__).with_name("faults")
RECALL_BAR = 0.95
MUTANTS_BAR = 120
Scan = Callable[[Path], tuple[Finding, ...]]
"""Findings of a tree that stand above their rules' thresholds."""
Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """``old`` stands in ``file`` exactly once."""

    file: str
    old: str
    new: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Mutant:
    """One fault."""

    base: str
    mechanism: str
    title: str
    edits: tuple[Edit, ...]
    also: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """What the scanner said of one mutant."""

    mutant: Mutant
    found: tuple[str, ...]
    """Its new findings: rule, place."""
    hit: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Base:
    """A safe service, and what the scanner says of it."""

    name: str
    findings: tuple[str, ...]


def bases() -> tuple[str, ...]:
    """Names of the safe services."""
    return tuple(sorted(each.parent.name for each in FAULTS.glob("*/mutants.toml")))


def is_held_back(base: str) -> bool:
    """Whether it was not looked at while rules were written."""
    told = tomllib.loads((FAULTS / base / "mutants.toml").read_text(encoding="utf-8"))
    return bool(told.get("held_back"))


def mutants(base: str) -> tuple[Mutant, ...]:
    """Those of one service, in the order of its file."""
    told = tomllib.loads((FAULTS / base / "mutants.toml").read_text(encoding="utf-8"))
    return tuple(
        Mutant(
            base=base,
            mechanism=each["mechanism"],
            title=each["title"],
            edits=tuple(Edit(**edit) for edit in each["edits"]),
            also=tuple(each.get("also", ())),
        )
        for each in told["mutant"]
    )


def lay_out(base: str, folder: Path) -> Path:
    """A copy of the safe service; gives it."""
    target = folder / base
    shutil.copytree(
        FAULTS / base, target, ignore=shutil.ignore_patterns("mutants.toml", first_sight.FILE)
    )
    return target


def put_in(mutant: Mutant, root: Path) -> None:
    """Edits the copy at ``root``. ValueError where a text does not stand there exactly once."""
    for edit in mutant.edits:
        path = root / edit.file
        text = path.read_text(encoding="utf-8")
        if text.count(edit.old) != 1:
            raise ValueError(
                f"{mutant.base}, {mutant.title}: {edit.old[:60]!r} stands "
                f"{text.count(edit.old)} times in {edit.file}"
            )
        path.write_text(text.replace(edit.old, edit.new), encoding="utf-8")


def tried(base: str, scan: Scan, folder: Path) -> Iterator[Base | Tried]:
    """The safe service, then each of its mutants."""
    before = scan(lay_out(base, folder / "safe"))
    yield Base(name=base, findings=tuple(_told(each) for each in before))
    known = {(each.rule, each.subject, each.location.function) for each in before}
    for number, mutant in enumerate(mutants(base)):
        root = lay_out(base, folder / str(number))
        put_in(mutant, root)
        after = scan(root)
        wanted = {mutant.mechanism, *mutant.also}
        new = [each for each in after if _key(each) not in known]
        yield Tried(
            mutant=mutant,
            found=tuple(_told(each) for each in new),
            hit=any(each.rule in wanted for each in new),
        )


def measure(scan: Scan, *, say: Progress) -> Part:
    """All of them, one page."""
    safe: list[Base] = []
    done: list[Tried] = []
    with tempfile.TemporaryDirectory(prefix="bench-source-") as folder:
        for base in bases():
            say(f"faults put into {base}")
            for each in tried(base, scan, Path(folder) / base):
                if isinstance(each, Base):
                    safe.append(each)
                else:
                    done.append(each)
    verdict = "\n".join(
        (
            _verdict([each for each in done if not is_held_back(each.mutant.base)], "Faults"),
            *_held_back([each for each in done if is_held_back(each.mutant.base)]),
            _loud(safe),
            *(
                f"- Missed: {each.mutant.base}, {each.mutant.title}."
                for each in done
                if not each.hit and not is_held_back(each.mutant.base)
            ),
            "",
            _first_sight(safe, done),
        )
    )
    rows = [
        (
            each.mutant.base,
            each.mutant.mechanism,
            each.mutant.title,
            "found" if each.hit else "missed",
            "; ".join(each.found[:4]),
        )
        for each in done
    ]
    return Part(
        title="Faults put into safe services",
        body=body(
            "Each service is safe as it stands; each fault takes one safeguard away. A fault is "
            "found by a finding of its mechanism that the safe service does not have.",
            ("service", "mechanism", "fault", "", "new findings"),
            rows,
            verdict,
        ),
        raw={"safe": safe, "faults": done},
    )


def _verdict(done: list[Tried], what: str) -> str:
    hits = sum(each.hit for each in done)
    share = 100 * hits / max(1, len(done))
    bar = (
        f" (bar: {100 * RECALL_BAR:.0f} % of at least {MUTANTS_BAR}, "
        f"{'met' if _is_met(hits, len(done)) else 'missed'})"
        if what == "Faults"
        else " (written after the rules; what is missed was not looked at)"
    )
    return f"- {what}: **{hits} of {len(done)}** found, {share:.1f} %{bar}."


def _held_back(done: list[Tried]) -> tuple[str, ...]:
    """Nothing is said of services that nobody has kept apart; then first sight says it."""
    return (_verdict(done, "Held back"),) if done else ()


def _first_sight(safe: list[Base], done: list[Tried]) -> str:
    known = [(base, first_sight.kept(FAULTS / base)) for base in bases()]
    services = [(base, seen, is_held_back(base)) for base, seen in known if seen is not None]
    return first_sight.compared(
        services,
        {each.mutant: each.hit for each in done},
        {each.name: len(each.findings) for each in safe},
    )


def _loud(safe: list[Base]) -> str:
    """What is said of services that are safe."""
    count = sum(len(each.findings) for each in safe)
    loud = [f"{each.name}: {_shown(each)}" for each in safe if each.findings]
    told = f" ({' | '.join(loud)})" if loud else ""
    return f"- Findings on the {len(safe)} safe services: **{count}**{told}."


def _shown(base: Base) -> str:
    """Of a service that is held back only how many there are."""
    return str(len(base.findings)) if is_held_back(base.name) else "; ".join(base.findings)


def _is_met(hits: int, count: int) -> bool:
    return count >= MUTANTS_BAR and hits >= RECALL_BAR * count


def _key(finding: Finding) -> tuple[str, str, str | None]:
    return finding.rule, finding.subject, finding.location.function


def _told(finding: Finding) -> str:
    return f"{finding.rule} at {finding.location.path}:{finding.location.line}"
