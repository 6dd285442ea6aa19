"""What the figures were measured on."""

from __future__ import annotations

import os
import platform
import subprocess
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from redhanded.case.errors import LabError
from redhanded.lab import Lab
from redhanded.lab.clock import timestamp
from redhanded.lab.services import find_node

NOT_USED = "not used"


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """Hardware and versions; ``load`` tells whether something else ran beside the bench."""

    processor: str
    cores: int
    """That this process may use."""
    memory_gb: float
    kernel: str
    python: str
    node: str
    postgresql: str
    valkey: str
    load: tuple[float, float, float]
    """Load average over 1, 5 and 15 minutes at the start."""

    def or_used(self, other: Machine) -> Machine:
        """With the servers of ``other`` where none was used here."""
        postgresql = other.postgresql if self.postgresql == NOT_USED else self.postgresql
        valkey = other.valkey if self.valkey == NOT_USED else self.valkey
        return replace(self, postgresql=postgresql, valkey=valkey)


def describe(lab: Lab, load: tuple[float, float, float]) -> Machine:
    """This machine and the servers of an open lab."""
    bare = without_servers(load)
    return replace(bare, node=_node(), postgresql=_postgresql(lab), valkey=_valkey(lab))


def without_servers(load: tuple[float, float, float]) -> Machine:
    """This machine, for what needs no lab."""
    return Machine(
        processor=_field(Path("/proc/cpuinfo"), "model name") or platform.machine(),
        cores=len(os.sched_getaffinity(0)),
        memory_gb=round(int(_field(Path("/proc/meminfo"), "MemTotal").split()[0]) / 1024**2, 1),
        kernel=platform.release(),
        python=platform.python_version(),
        node=NOT_USED,
        postgresql=NOT_USED,
        valkey=NOT_USED,
        load=load,
    )


def facts(machine: Machine, seed: int) -> list[tuple[str, str]]:
    load = ", ".join(f"{value:.1f}" for value in machine.load)
    return [
        ("at", timestamp()),
        ("processor", f"{machine.processor}, {machine.cores} cores"),
        ("memory", f"{machine.memory_gb:g} GB"),
        ("kernel", f"Linux {machine.kernel}"),
        ("Python", machine.python),
        ("Node", machine.node),
        ("PostgreSQL", machine.postgresql),
        ("Valkey", machine.valkey),
        ("load average at the start (1, 5, 15 min)", load),
        ("seed", str(seed)),
    ]


def _field(path: Path, name: str) -> str:
    for line in path.read_text().splitlines():
        key, _, value = line.partition(":")
        if key.strip() == name:
            return value.strip()
    return ""


def _node() -> str:
    done = subprocess.run(
        [str(find_node()), "--version"], capture_output=True, text=True, check=True
    )
    return done.stdout.strip().removeprefix("v")


def _postgresql(lab: Lab) -> str:
    admin = next((each.admin for each in lab.running.servers.values() if each.admin), None)
    if admin is None:
        return NOT_USED
    row = admin.execute("SHOW server_version").fetchone()
    if row is None:
        raise LabError("PostgreSQL does not say its version")
    return str(row[0])


def _valkey(lab: Lab) -> str:
    clients = (each.client for each in lab.running.servers.values() if each.client)
    client: Any = next(clients, None)
    if client is None:
        return NOT_USED
    said = client.info("server")
    return str(said.get("valkey_version", said["redis_version"]))
