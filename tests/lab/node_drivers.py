"""Real drivers for Node programs: installed once from npm, kept for the next run."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from redhanded.lab.services import node_environment

PACKAGES = Path(__file__).with_name("tracers") / "packages.json"


def install() -> Path:
    """A folder whose ``node_modules`` holds the packages that ``packages.json`` pins."""
    digest = hashlib.sha256(PACKAGES.read_bytes()).hexdigest()[:16]
    folder = Path.home() / ".cache" / "redhanded" / "test-node" / digest
    if not folder.exists():
        folder.parent.mkdir(parents=True, exist_ok=True)
        fresh = Path(tempfile.mkdtemp(dir=folder.parent))
        (fresh / "package.json").write_bytes(PACKAGES.read_bytes())
        options = ["--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error"]
        subprocess.run(
            ["npm", "install", *options],
            cwd=fresh,
            env=os.environ | node_environment(dict(os.environ)),
            check=True,
        )
        try:
            fresh.rename(folder)
        except OSError:  # Another run was faster.
            shutil.rmtree(fresh)
    return folder
