"""Two identifiers that were drawn at random came out the same."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from redhanded.case.codemap import CodeMap
from redhanded.case.evidence import Evidence, Location
from redhanded.case.hypothesis import Experiment, Hypothesis
from redhanded.case.symptom import Symptom
from redhanded.hunt.suspect import verdict
from redhanded.hunt.suspect.mechanism import Measured, Weighed, at, hypothesis
from redhanded.hunt.suspect.scene import Scene, survey
from redhanded.stats.collisions import collision_probability, collision_rate

name = "id-collision"
title = "Two generated identifiers are the same"
wrong = (
    "Random identifiers repeat sooner than their number suggests: among n of N values with "
    "probability about n²/2N (birthday problem, von Mises 1939)."
)
safe = "128 random bits, or a sequence of the database."

_MOST_FILES = 5_000
_SKIPPED = frozenset(
    {"node_modules", "venv", "site-packages", "vendor", "dist", "build", "coverage", "test"}
)
_FALLBACK_REQUESTS_PER_S = 100.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Generator:
    """A function that makes identifiers."""

    location: Location
    space: int
    """How many random parts there are."""
    tick_s: float | None
    """Resolution of the timestamp in it; None without one."""
    function: str


def suspect(symptom: Symptom, code: CodeMap) -> Hypothesis | None:
    """Raised where the code makes identifiers at random; weighed by arithmetic at once."""
    generators = tuple(generators_in(Path(code.root)))
    if not generators:
        return None
    scene = survey(symptom, code)
    weakest = max(generators, key=lambda each: chance_per_draw(each, symptom))
    chance = chance_per_draw(weakest, symptom)
    elsewhere = _not_on_constraint(scene, weakest, code)
    rate = _observed_rate(symptom)
    falls_short = rate is not None and chance < rate / 10
    dismissed = falls_short or elsewhere is not None
    arithmetic = (
        f"{_draws(symptom):.3g} draws/s from {weakest.space:.3g} values"
        + (f" within {weakest.tick_s * 1000:g} ms" if weakest.tick_s else "")
        + f": one in {1 / chance:.2g} draws meets another"
        if chance
        else "draws cannot meet at this rate"
    )
    found = [
        Weighed(
            weight=0.15 if dismissed else 0.1,
            evidence=at(code, weakest.location, arithmetic, supports=not falls_short),
        )
    ]
    if elsewhere is not None:
        found.append(Weighed(weight=0.1, evidence=elsewhere))
    why = _why(arithmetic, rate, falls_short, elsewhere)
    return hypothesis(
        mechanism=name,
        title=title,
        claim=(
            f"{weakest.function} ({weakest.location}) gives two rows the same identifier; "
            f"{arithmetic}."
        ),
        base=0.2,
        weighed=found,
        experiment=Experiment(
            question="Is the violated value one that was generated, and often enough the same?",
            prediction=_prediction(rate, chance),
            refuted_if=(
                "the constraint holds other columns than the generated one, or the arithmetic "
                "gives less than a tenth of the rate that was seen"
            ),
        ),
        verdict="REFUTED" if dismissed else "UNDECIDED",
        why=why,
    )


def judge(hypothesis: Hypothesis, measured: Measured) -> Hypothesis:
    """Arithmetic stands without a lab; a failure whose value is not random refutes as well."""
    if hypothesis.verdict == "REFUTED":
        return hypothesis
    return verdict.without_failure(hypothesis, measured.reproduction) or verdict.refuted(
        hypothesis,
        "a failure that comes back in every replay of one order is not one of random values",
    )


def generators_in(root: Path) -> Iterator[Generator]:
    """Functions below ``root`` that build an identifier from random characters, bits or bytes."""
    for path in _sources(root):
        text = path.read_text(encoding="utf-8", errors="replace")
        if not re.search(r"Math\.random|randomBytes|randomInt|nanoid|customAlphabet", text):
            continue
        yield from _generators(text, path.relative_to(root).as_posix())


def chance_per_draw(generator: Generator, symptom: Symptom) -> float:
    """Probability that one identifier meets another, at the rate of the log."""
    draws = _draws(symptom)
    if generator.tick_s is not None:
        return collision_rate(generator.space, draws_per_s=draws, window_s=generator.tick_s)
    total = max(2, symptom.rate.trials if symptom.rate else 10_000)
    return collision_probability(generator.space, total) / total


def _generators(text: str, path: str) -> Iterator[Generator]:
    lines = text.splitlines()
    for number, line in enumerate(lines, 1):
        space = _space(line)
        if space is None:
            continue
        first, last, function = _function_around(lines, number)
        body = "\n".join(lines[first - 1 : last])
        tick = None
        if re.search(r"Date\.now\(\)|getTime\(\)|new Date\(\)|hrtime", body):
            tick = 1.0 if re.search(r"/\s*1000|getUTCSeconds|unix\(\)", body) else 0.001
        place = Location(path=path, line=number, function=function)
        yield Generator(location=place, space=space, tick_s=tick, function=function or "it")


def _space(line: str) -> int | None:
    """How many values the random part of this line has; None where there is none."""
    cut = re.search(
        r"Math\.random\(\)\.toString\((\d+)\)\.(?:slice|substring|substr)\((\d+)(?:,\s*(\d+))?",
        line,
    )
    if cut:
        base, start, end = int(cut[1]), int(cut[2]), cut[3]
        method = "substr(" in cut[0]
        length = 11 if end is None else int(end) if method else int(end) - start
        return int(base ** max(1, min(length, 11)))
    scaled = re.search(r"Math\.random\(\)\s*\*\s*([\d_]+(?:e\d+)?)", line)
    if scaled:
        return max(1, int(float(scaled[1].replace("_", ""))))
    size = re.search(r"randomBytes\((\d+)\)", line)
    if size:
        return int(2 ** (8 * min(int(size[1]), 64)))
    integer = re.search(r"randomInt\((?:\d+,\s*)?([\d_]+)", line)
    if integer:
        return max(1, int(integer[1].replace("_", "")))
    nano = re.search(r"\bnanoid\((\d*)\)", line)
    if nano:
        return int(64 ** int(nano[1] or 21))
    return None


def _function_around(lines: list[str], number: int) -> tuple[int, int, str | None]:
    """First and last line, and name, of the function that line ``number`` stands in."""
    head = re.compile(
        r"(?:function\s*\*?\s*(\w+)|(?:const|let|var)\s+(\w+)\s*=\s*(?:async\s*)?(?:function|\(|\w+\s*=>)"
        r"|^\s*(?:static\s+|async\s+)*(\w+)\s*\([^)]*\)\s*\{)"
    )
    for index in range(number - 1, max(-1, number - 40), -1):
        match = head.search(lines[index])
        named = next((each for each in match.groups() if each), None) if match else None
        if named and named not in {"if", "for", "while", "switch", "catch", "return"}:
            indent = len(lines[index]) - len(lines[index].lstrip())
            end = next(
                (
                    below + 1
                    for below in range(number - 1, len(lines))
                    if lines[below].strip().startswith("}")
                    and len(lines[below]) - len(lines[below].lstrip()) <= indent
                ),
                number,
            )
            return index + 1, end, named
    return number, number, None


def _not_on_constraint(scene: Scene, generator: Generator, code: CodeMap) -> Evidence | None:
    """Evidence that the violated columns do not hold the generated value, where it shows so."""
    create, constraint = scene.create, scene.constraint
    if create is None or constraint is None or constraint.location is None:
        return None
    text = Path(code.root, create.location.path).read_text(encoding="utf-8", errors="replace")
    lines = text.splitlines()[create.location.line - 1 : create.location.line + 40]
    for offset, line in enumerate(lines):
        pair = re.match(r"\s*(\w+)\s*:\s*(.+)", line)
        if pair and _column(pair[1]) in constraint.columns:
            if generator.function in pair[2]:
                return None
            return Evidence(
                path=create.location.path,
                line=create.location.line + offset,
                text=line.strip()[:400],
                says=f"the violated {_column(pair[1])} does not come from {generator.function}",
                supports=False,
            )
    return None


def _column(attribute: str) -> str:
    return re.sub(r"(?<=[a-z0-9])([A-Z])", r"_\1", attribute).lower()


def _observed_rate(symptom: Symptom) -> float | None:
    if symptom.rate is None or not symptom.rate.trials:
        return None
    return symptom.rate.interval.low or symptom.rate.failures / symptom.rate.trials


def _draws(symptom: Symptom) -> float:
    return symptom.requests_per_s or _FALLBACK_REQUESTS_PER_S


def _prediction(rate: float | None, chance: float) -> str:
    if rate is None:
        return f"About {chance:.1g} failures per identifier, whatever else happens."
    return f"The log shows at least {rate:.1g} failures a request; this gives {chance:.1g}."


def _why(arithmetic: str, rate: float | None, short: bool, elsewhere: Evidence | None) -> str:
    reasons = []
    if short and rate is not None:
        reasons.append(f"{arithmetic}, but at least {rate:.2g} of the requests fail")
    if elsewhere is not None:
        reasons.append(f"{elsewhere.says} ({elsewhere.path}:{elsewhere.line})")
    return "; ".join(reasons) or "not yet tried"


def _sources(root: Path) -> list[Path]:
    """JavaScript and TypeScript files below ``root``, without dependencies and tests."""
    found: list[Path] = []
    folders = [root]
    while folders and len(found) < _MOST_FILES:
        folder = folders.pop()
        if not folder.is_dir():
            continue
        for each in sorted(folder.iterdir()):
            if each.is_dir() and not each.is_symlink():
                if each.name in _SKIPPED or each.name.startswith("."):
                    continue
                folders.append(each)
            elif each.suffix in {".js", ".cjs", ".mjs", ".ts"} and each.is_file():
                found.append(each)
    return sorted(found)
