"""Systems whose clients use TLS are controlled as others are, and their lines are known."""

from __future__ import annotations

import shlex
import shutil
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from small_systems import desk, lay_out, odd, shelf

from redhanded.case.errors import LabError
from redhanded.case.run import Run
from redhanded.case.schedule import Constraint, Event, Schedule
from redhanded.case.system import Process, Service, System
from redhanded.lab import Lab, open_lab, open_services
from redhanded.lab.natural import run_naturally
from redhanded.lab.services import reap
from redhanded.lab.shrink import flip

INSISTS = (
    "const { Client } = require('pg');\n"
    "new Client({ connectionString: process.env.URL, ssl: { rejectUnauthorized: false } })"
    ".connect().catch((error) => { console.error(error.message); process.exit(1); });\n"
)
PLAIN = (
    "const Redis = require('ioredis');\n"
    "new Redis({ port: Number(process.env.QUEUE_PORT) })"
    ".on('error', (error) => console.error(error.code));\n"
)


def in_tls(system: System) -> System:
    return replace(
        system, services=tuple(replace(service, tls=True) for service in system.services)
    )


def lines(run: Run) -> list[tuple[str, str, str]]:
    """Of each operation: kind, target, the line that sent it."""
    return [
        (each.name.kind, each.name.target, f"{each.stack[0]}" if each.stack else "")
        for each in run.operations
        if each.touches and not each.ambient
    ]


def both(system: System, folder: Path, use: Callable[[Lab], None]) -> list[list[tuple[str, ...]]]:
    """The lines of a serial run in plain text and in TLS; ``use`` gets the lab in TLS."""
    found = []
    for each in (system, in_tls(system)):
        place = folder / ("tls" if each is not system else "plain")
        with open_lab(each, folder=place) as lab:
            found.append(lines(lab.serial()))
            assert not lab.running.traffic.notes
            if each is not system:
                use(lab)
    return found


def patient_desk(folder: Path) -> System:
    """Its clerks wait for longer than the five seconds after which valkey-py gives up by itself."""
    system = desk(lay_out("desk", folder))
    books, queue = system.services
    patient = replace(queue, env={"QUEUE_URL": "{url}?socket_timeout=60"})
    return replace(system, services=(books, patient))


def early_look(lab: Lab) -> Schedule:
    serial = lab.serial()
    look = serial.find("SELECT", "bookings", task="delivery 2").name
    commit = next(each.name for each in serial.operations if each.name.kind == "COMMIT")
    return Schedule(constraints=(Constraint(before=look, after=commit),), deliveries=2)


def test_a_python_system_in_tls_is_controlled(tmp_path: Path) -> None:
    """psycopg and valkey-py, told to use TLS by their addresses alone."""

    def use(lab: Lab) -> None:
        held = lab.hold("INSERT", "bookings", task="delivery 1")
        assert held.failed and held.failures[0].code == "23505"
        schedule = early_look(lab)
        runs = [lab.follow(schedule) for _ in range(5)]
        assert [(run.failed, run.followed.following) for run in runs] == [(True, "followed")] * 5
        other_way, _ = flip(schedule, 0)
        assert not any(lab.follow(other_way).failed for _ in range(3))
        look = lab.serial().find("SELECT", "bookings", task="delivery 1").name
        for kind in ("reply lost", "connection reset"):
            event = Event(kind=kind, at=look)
            cut = lab.follow(Schedule(events=(event,), deliveries=2))
            assert (cut.answers, cut.followed.following) == ((0, 202), "followed")
        found = lab.explore(deliveries=2, bound=1, limit=200)
        assert found.exhausted and found.diverged == 0 and found.failing

    plain, secure = both(patient_desk(tmp_path), tmp_path, use)
    assert plain == secure
    assert all(line for _, _, line in secure)


def test_a_node_system_in_tls_is_controlled(tmp_path: Path, node_packages: Path) -> None:
    """node-postgres and ioredis, which check the certificate."""

    def use(lab: Lab) -> None:
        serial = lab.serial()
        looks = [each for each in serial.operations if each.name.kind == "GET"]
        writes = [each for each in serial.operations if each.name.kind == "SET"]
        early = Constraint(before=looks[1].name, after=writes[0].name)
        run = lab.follow(Schedule(constraints=(early,), deliveries=2))
        assert run.followed.following == "followed"
        kinds = [each.name.kind for each in run.operations if each.name.kind in ("GET", "SET")]
        assert kinds == ["GET", "GET", "SET", "SET"]
        # The other end of each connection is really encrypted.
        assert all(
            channel.client.sent_at(0)[1] is not None
            for channel in lab.running.traffic.states
            if channel.route.kind != "http"
        )

    plain, secure = both(shelf(lay_out("shelf", tmp_path, node_packages)), tmp_path, use)
    assert plain == secure
    assert all(line for _, _, line in secure)


def test_past_the_proxies_it_still_finds_tls(tmp_path: Path) -> None:
    system = in_tls(patient_desk(tmp_path))
    with open_lab(system, folder=tmp_path / "lab", direct=True) as opened:
        natural = run_naturally(
            opened, name="direct", trials=5, gaps_ms=(0.0,), per_second=None, seed=1
        )
    assert natural.trials == 5


def test_the_authority_goes_with_the_lab_however_it_ends(tmp_path: Path) -> None:
    system = replace(in_tls(patient_desk(tmp_path)), processes=())
    folder = tmp_path / "lab"
    with open_services(system, folder=folder):
        (certificate,) = folder.rglob("authority.pem")
        copy = tmp_path / "of a lab that was killed"
        copy.mkdir()
        started = (folder / "started.jsonl").read_text()
        shutil.copytree(certificate.parent, copy / certificate.parent.name)
        (copy / "started.jsonl").write_text(started.replace(f"{folder}/", f"{copy}/"))
    assert not list(folder.rglob("*.pem"))
    assert list(copy.rglob("*.pem"))
    reap(copy)
    assert not list(copy.rglob("*.pem"))


def small(root: Path, packages: Path, text: str, *, tls: bool) -> System:
    """One program that does what ``text`` says, beside a database and a queue."""
    (root / "node_modules").symlink_to(packages / "node_modules")
    (root / "web.js").write_text(text)
    return replace(
        odd(root),
        services=(
            Service(name="db", kind="postgres", env={"URL": "postgresql://u@{host}:{port}/x"}),
            Service(name="queue", kind="redis", env={"QUEUE_PORT": "{port}"}, tls=tls),
        ),
        processes=(Process(name="web", command="node web.js", ready_log="never"),),
    )


def test_a_process_that_insists_on_tls_is_told_the_key(tmp_path: Path, node_packages: Path) -> None:
    system = small(tmp_path, node_packages, INSISTS, tls=False)
    with (
        pytest.raises(LabError, match=r"say `tls = true` in \[services\.db\]") as error,
        open_lab(system),
    ):
        pass
    assert "does not support SSL" in str(error.value)


def test_a_process_that_speaks_plain_to_a_port_for_tls_is_named(
    tmp_path: Path, node_packages: Path
) -> None:
    text = PLAIN + "setTimeout(() => process.exit(1), 800);\n"
    system = small(tmp_path, node_packages, text, tls=True)
    with (
        pytest.raises(LabError, match="web → queue: came in plain text"),
        open_lab(system),
    ):
        pass


def test_a_client_in_tls_of_a_queue_without_is_told_the_key(
    tmp_path: Path, node_packages: Path
) -> None:
    text = PLAIN.replace("PORT)", "PORT), tls: { rejectUnauthorized: false }")
    text += "setTimeout(() => process.exit(1), 800);\n"
    system = small(tmp_path, node_packages, text, tls=False)
    with (
        pytest.raises(LabError, match=r"web → queue: .* or that the service has `tls = true`"),
        open_lab(system),
    ):
        pass


SIGN_IN = """
import os, sys, psycopg
try:
    with psycopg.connect(os.environ["URL"] + "&channel_binding=" + sys.argv[1]) as connection:
        print(connection.pgconn.ssl_in_use, connection.execute("SELECT 1").fetchone())
except psycopg.OperationalError as error:
    print(error)
"""


def test_a_password_is_proven_without_binding_it_to_the_channel(tmp_path: Path) -> None:
    """Over TCP to a server by URL, by SCRAM: what binds would have to end where TLS ends."""
    from redhanded.lab.services import start_postgres

    with start_postgres(tmp_path / "server") as server:
        access = server.socket_folder / "data" / "pg_hba.conf"
        access.write_text(access.read_text().replace(" password", " scram-sha-256"))
        server.create_database("given")
        with server.admin() as admin:
            admin.execute("SELECT pg_reload_conf()")
        root = tmp_path / "root"
        root.mkdir()
        (root / "sign_in.py").write_text(SIGN_IN)
        given = Service(
            name="db", kind="postgres", env={"URL": "{url}"}, url=server.url("given"), tls=True
        )
        system = System(name="signing", root=str(root), services=(given,))
        python = shlex.quote(sys.executable)
        with open_services(system, folder=tmp_path / "lab") as services:
            (prefers,) = services.run(f"{python} sign_in.py prefer").lines
            requires = services.run(f"{python} sign_in.py require").lines
    assert prefers == "True (1,)"
    assert "channel binding is required, but server did not offer" in " ".join(requires)
