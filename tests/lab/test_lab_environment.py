"""What processes and commands of a lab are told."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

from small_systems import odd

from redhanded.case.system import Process, Service
from redhanded.lab import open_services
from redhanded.lab.environment import settings


def test_commands_are_told_what_does_not_depend_on_the_process(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("REGION=eu\nLEVEL=info\n")
    web = Process(name="web", command="x", env={"PORT": "{port}", "KEY": "a"}, env_file=".env")
    worker = Process(name="worker", command="y", env={"KEY": "b", "LEVEL": "debug", "ONLY": "c"})
    system = replace(odd(tmp_path), processes=(web, worker))
    assert settings(system, tmp_path) == {
        "KEY": "a",
        "REGION": "eu",
        "LEVEL": "info",
        "ONLY": "c",
    }


def test_a_migration_reads_the_settings_of_the_processes(tmp_path: Path) -> None:
    """Also where the processes are not started; and a project's own environment comes first."""
    root = tmp_path / "root"
    (root / ".venv" / "bin").mkdir(parents=True)
    program = root / ".venv" / "bin" / "migrate"
    program.write_text(f"#!{sys.executable}\nimport os\nassert os.environ['KEY'] == 'a'\n")
    program.chmod(0o755)
    web = Process(name="web", command="x", env={"KEY": "a"})
    database = Service(name="db", kind="postgres", env={"URL": "{url}"}, migrate="migrate")
    system = replace(odd(root), processes=(web,), services=(database,))
    with open_services(system, folder=tmp_path / "lab") as services:
        assert services.run("migrate").code == 1
        assert services.run("KEY=a migrate").code == 0
