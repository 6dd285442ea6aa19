"""Grouping accuracy on the labelled samples of loghub, beside one regex and drain3's defaults."""

from __future__ import annotations

import csv
import importlib.util
import re
from collections import defaultdict
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import mean

from part import Part, body

from redhanded.logs.templates import Miner

BARS = {"GA": 0.93, "FGA": 0.92}
SUFFIX = "_structured.csv"


@dataclass(frozen=True, slots=True, kw_only=True)
class Grouped:
    """One way on one set."""

    set_name: str
    way: str
    lines: int
    groups: int
    true_groups: int
    GA: float
    FGA: float


def measure(folder: Path, *, say: Callable[[str], None]) -> list[Grouped]:
    """Every set of ``folder`` by every way that is installed, with one setting for all sets."""
    found = []
    for path in sorted(folder.glob(f"*{SUFFIX}")):
        contents, truth = _labelled(path)
        for way, group in _ways().items():
            predicted = group(contents)
            found.append(_compared(path.name.partition("_")[0], way, truth, predicted))
        say(f"{found[-1].set_name}: GA {found[-1].GA:.3f} FGA {found[-1].FGA:.3f}")
    return found


def part(found: Sequence[Grouped]) -> Part:
    sets = dict.fromkeys(one.set_name for one in found)
    ways = dict.fromkeys(one.way for one in found)
    by_place = {(one.set_name, one.way): one for one in found}
    rows = [
        (name, *(f"{by_place[name, way].GA:.3f} / {by_place[name, way].FGA:.3f}" for way in ways))
        for name in sets
    ]
    means = {
        way: (mean(one.GA for one in found if one.way == way),
              mean(one.FGA for one in found if one.way == way))
        for way in ways
    }  # fmt: skip
    rows.append(("mean", *(f"**{ga:.3f} / {fga:.3f}**" for ga, fga in means.values())))
    ga, fga = means[OURS]
    met = "met" if ga >= BARS["GA"] and fga >= BARS["FGA"] else "missed"
    return Part(
        title="Grouping of log lines, zero configuration",
        body=body(
            "GA / FGA on each set: lines, and groups (F1), whose group is exactly a true one. "
            "Column `Content`, `EventId` as truth; one setting for all sets.",
            ("set", *ways),
            rows,
            f"Mean GA **{ga:.3f}**, FGA **{fga:.3f}** (bar: {BARS['GA']:g} and {BARS['FGA']:g}, "
            f"{met}).",
        ),
        raw=found,
    )


OURS = "redhanded miner"


def _ways() -> dict[str, Callable[[Sequence[str]], Sequence[Hashable]]]:
    ways: dict[str, Callable[[Sequence[str]], Sequence[Hashable]]] = {"one regex": _one_regex}
    if importlib.util.find_spec("drain3"):
        ways["drain3 defaults"] = _drain3
    ways[OURS] = _miner
    return ways


def _one_regex(contents: Sequence[str]) -> Sequence[Hashable]:
    mask = re.compile(r"\S*[\d/]\S*")
    return [mask.sub("<*>", content) for content in contents]


def _drain3(contents: Sequence[str]) -> Sequence[Hashable]:
    from drain3 import TemplateMiner
    from drain3.template_miner_config import TemplateMinerConfig

    miner = TemplateMiner(config=TemplateMinerConfig())
    return [miner.add_log_message(content)["cluster_id"] for content in contents]


def _miner(contents: Sequence[str]) -> Sequence[Hashable]:
    miner = Miner()
    lines = (content.replace("\n", " ").encode() for content in contents)
    ids = miner.ids(b"\n".join(lines))
    places: list[int] = miner.finish().of_id[ids].tolist()
    return places


def _labelled(path: Path) -> tuple[list[str], list[str]]:
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    return [row["Content"] for row in rows], [row["EventId"] for row in rows]


def _compared(
    name: str, way: str, truth: Sequence[Hashable], predicted: Sequence[Hashable]
) -> Grouped:
    true_groups, groups = _groups(truth), _groups(predicted)
    exact = true_groups & groups
    precision, recall = len(exact) / len(groups), len(exact) / len(true_groups)
    return Grouped(
        set_name=name,
        way=way,
        lines=len(truth),
        groups=len(groups),
        true_groups=len(true_groups),
        GA=sum(map(len, exact)) / len(truth),
        FGA=2 * precision * recall / (precision + recall) if exact else 0.0,
    )


def _groups(labels: Sequence[Hashable]) -> set[frozenset[int]]:
    members: dict[Hashable, list[int]] = defaultdict(list)
    for place, label in enumerate(labels):
        members[label].append(place)
    return set(map(frozenset, members.values()))
