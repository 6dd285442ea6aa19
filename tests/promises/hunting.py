"""Hunts as a user starts them, from outside."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PROGRAM = Path(sys.executable).with_name("redhanded")
EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "orders"
HUNT_TIMEOUT_S = 600


@dataclass(frozen=True, kw_only=True)
class Hunted:
    """One hunt from outside: what a user gets."""

    target: Path
    exit_code: int
    case: dict[str, Any]
    shown: str


def hunt(
    command: str, target: Path, logs: Path, symptom: str, options: Sequence[str] = ()
) -> Hunted:
    """Runs ``redhanded hunt`` or ``reproduce`` as a user would, quickly and without gates."""
    words = [PROGRAM, command, target, "--logs", logs, "--symptom", symptom, "--quick", "--yes"]
    done = subprocess.run(
        [*map(str, words), "--format", "json", *options],
        capture_output=True,
        text=True,
        timeout=HUNT_TIMEOUT_S,
        check=False,
    )
    assert done.stdout, done.stderr[-3000:]
    return Hunted(
        target=target,
        exit_code=done.returncode,
        case=json.loads(done.stdout),
        shown=done.stderr,
    )


def copy_of_example(folder: Path, *, patched: bool = False) -> Path:
    """The example as a user would have it, in a folder of its own."""
    target = folder / "shop"
    shutil.copytree(EXAMPLE, target, ignore=shutil.ignore_patterns("node_modules", ".redhanded"))
    if patched:
        subprocess.run(
            ["git", "apply", "--directory", target.name, str(EXAMPLE / "fix.patch")],
            cwd=folder,
            check=True,
        )
    return target


def files_of(root: Path) -> dict[str, bytes]:
    """Everything below ``root`` that a user wrote."""
    left_out = {"node_modules", ".redhanded"}
    return {
        str(path.relative_to(root)): path.read_bytes()
        for path in sorted(root.rglob("*"))
        if path.is_file() and not left_out & set(path.relative_to(root).parts)
    }
