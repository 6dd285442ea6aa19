"""Small systems whose work waits for a timer: delayed jobs, retries after a back-off."""

from __future__ import annotations

import shlex
import sys
from dataclasses import replace
from pathlib import Path

from small_systems import request

from redhanded.case.system import Process, Service, SymptomPattern, System


def reminders(
    root: Path, library: str, *, delay_ms: int = 60_000, retry: str = "no", path: str = "/ask"
) -> System:
    """A web process that asks for a job in a minute, and a worker that does it then.

    Or at once, and again in a minute if that fails: ``always``, or when it was ``overtaken``.
    """
    env = {"LIBRARY": library, "DELAY_MS": str(delay_ms), "RETRY": retry}
    return System(
        name="reminders",
        root=str(root),
        clock="lab",
        services=(
            Service(name="db", kind="postgres", env={"REMINDERS_DB": "{url}"}),
            Service(name="queue", kind="redis", env={"REMINDERS_REDIS": "{url}"}),
        ),
        processes=(
            Process(
                name="web",
                command="node web.js",
                env={"PORT": "{port}", **env},
                ready="http://127.0.0.1:{port}/health",
            ),
            Process(name="worker", command="node worker.js", env=env, ready_log="worker ready"),
        ),
        setup_sql=(
            "CREATE TABLE asked (id serial, who text, at_ms bigint)",
            "CREATE TABLE reminded (who text, at_ms bigint)",
        ),
        workload=(request(path, {"who": "{unique}"}),),
        symptom=SymptomPattern(log="duplicate key value"),
    )


def postponed(root: Path, *, delay_s: float = 60.0) -> System:
    """The same in Python: a Celery task with a countdown, done by a process that is forked."""
    python = shlex.quote(sys.executable)
    return System(
        name="postponed",
        root=str(root),
        clock="lab",
        services=(
            Service(name="books", kind="postgres", env={"DATABASE_URL": "{url}"}),
            Service(name="queue", kind="redis", env={"QUEUE_URL": "{url}"}),
        ),
        processes=(
            Process(
                name="desk",
                command=f"{python} desk.py",
                env={"PORT": "{port}", "DELAY_S": str(delay_s)},
                ready="http://127.0.0.1:{port}/",
            ),
            Process(
                name="worker",
                command=f"{python} -m celery -A tasks worker --concurrency 1 --loglevel INFO "
                "--without-gossip --without-mingle",
                ready_log="ready",
            ),
        ),
        setup_sql=(
            "CREATE TABLE asked (who text, at_ms double precision)",
            "CREATE TABLE reminded (who text, at_ms double precision)",
        ),
        workload=(replace(request("/ask", {"who": "{unique}"}), to="desk"),),
        symptom=SymptomPattern(log="duplicate key value"),
    )
