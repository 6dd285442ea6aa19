"""Measures the scanner of source, one page for each part; see ``--help``."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import source_corpus
import source_mutants
import source_specimens
import source_speed
from machine import describe_host, host_facts
from part import Part, write

from redhanded.case.finding import Finding
from redhanded.case.scan import ScanRequest
from redhanded.hunt.scan import scan

RESULTS = Path(__file__).with_name("results")
CORPUS = Path.home() / ".cache" / "redhanded" / "bench-source"


def quiet(_: str) -> None:
    """What a scan says while it works is not part of a page."""


def findings(root: Path, folders: Sequence[str] = (".",)) -> tuple[Finding, ...]:
    """What a person sees of a tree without any option, the most certain first."""
    paths = tuple(root / each for each in folders)
    found = scan(ScanRequest(paths=paths, keeps=False), quiet)
    return tuple(each.finding for each in found.findings)


def alone(root: Path, names: Sequence[str]) -> tuple[Finding, ...]:
    """What is found in installed packages of a tree that are asked for by name."""
    found = scan(ScanRequest(paths=(root,), packages=tuple(names), keeps=False), quiet)
    return tuple(each.finding for each in found.findings)


def mutants(_: argparse.Namespace) -> Part:
    return source_mutants.measure(findings, say=say)


def specimens(_: argparse.Namespace) -> Part:
    return source_specimens.measure(findings, alone, say=say)


def precision(arguments: argparse.Namespace) -> Part:
    return source_corpus.measure(source_corpus.found_in, cache=arguments.corpus, say=say)


def speed(arguments: argparse.Namespace) -> Part:
    return source_speed.measure(
        arguments.files, arguments.many, seed=arguments.seed, rounds=arguments.rounds, say=say
    )


PARTS: dict[str, Callable[[argparse.Namespace], Part]] = {
    "source-specimens": specimens,
    "source-mutants": mutants,
    "source-precision": precision,
    "source-speed": speed,
}
"""To add one: a function that measures, and its name here."""


def main() -> int:
    arguments = _parser().parse_args()
    unknown = set(arguments.only) - set(PARTS)
    if unknown:
        say(f"there is no part {', '.join(sorted(unknown))}; there is {', '.join(PARTS)}")
        return 2
    for name in arguments.only or PARTS:
        say(f"== {name}")
        machine = describe_host(os.getloadavg())
        part = PARTS[name](arguments)
        print(write(part, host_facts(machine, arguments.seed), arguments.out, name))
    return 0


def _parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(description=__doc__)
    made.add_argument("--only", nargs="*", default=[], metavar="PART", help=", ".join(PARTS))
    made.add_argument("--files", type=int, default=5_000, help="of the generated tree")
    made.add_argument("--many", type=int, default=100_000, help="of the large one; 0: none")
    made.add_argument("--rounds", type=int, default=3, help="of each way over the tree")
    made.add_argument("--corpus", type=Path, default=CORPUS, help="where packages are fetched to")
    made.add_argument("--seed", type=int, default=1)
    made.add_argument("--out", type=Path, default=RESULTS, help="folder for the pages")
    return made


def say(sentence: str) -> None:
    print(sentence, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
