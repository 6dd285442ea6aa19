"""Small systems that the lab is tried on: one with a queue and races, odd ones that misbehave."""

from __future__ import annotations

import shlex
import shutil
import sys
from dataclasses import replace
from pathlib import Path

from redhanded.case.system import (
    Delivery,
    Invariant,
    Process,
    Service,
    Stub,
    SymptomPattern,
    System,
)

SYSTEMS = Path(__file__).with_name("systems")
SCHEMA = (
    "CREATE TABLE tickets (id bigserial PRIMARY KEY, holder text NOT NULL, "
    "CONSTRAINT one_ticket_per_holder UNIQUE (holder))",
    "CREATE TABLE pages (name text PRIMARY KEY, views integer NOT NULL)",
    "INSERT INTO pages VALUES ('front', 0), ('back', 0)",
    "INSERT INTO tickets (holder) VALUES ('first'), ('second')",
)


def lay_out(name: str, folder: Path, packages: Path | None = None) -> Path:
    """A copy of a system in ``folder``, its packages linked."""
    root = folder / name
    shutil.copytree(SYSTEMS / name, root)
    if packages is not None:
        (root / "node_modules").symlink_to(packages / "node_modules")
    return root


def tickets(root: Path, library: str, *, workers: int = 2, once: bool = False) -> System:
    """A web process that looks for a ticket and queues a job, and workers that insert it."""
    env = {"LIBRARY": library, "ONCE": "yes" if once else "no"}
    return System(
        name="tickets",
        root=str(root),
        services=(
            Service(name="db", kind="postgres", env={"TICKETS_DB": "{url}"}),
            Service(name="queue", kind="redis", env={"TICKETS_REDIS": "{url}"}),
        ),
        processes=(
            Process(
                name="web",
                command="node web.js",
                env={"PORT": "{port}", **env},
                ready="http://127.0.0.1:{port}/health",
            ),
            Process(
                name="printer",
                command="node worker.js",
                env=env,
                replicas=workers,
                ready_log="printer ready",
            ),
        ),
        setup_sql=SCHEMA,
        workload=(request("/claims", {"holder": "{unique}"}),),
        symptom=SymptomPattern(log="duplicate key value"),
    )


def odd(root: Path, path: str = "/health", at_start: str = "") -> System:
    """One process that does what ``path`` or ``at_start`` says."""
    return System(
        name="odd",
        root=str(root),
        processes=(
            Process(
                name="web",
                command="node odd.js",
                env={"PORT": "{port}", "AT_START": at_start},
                ready="http://127.0.0.1:{port}/health",
            ),
        ),
        workload=(request(path),),
    )


def pauses(root: Path, *, node: str = "node", pause_ms: int = 40) -> System:
    """A web process that goes on working after its answer, with pauses, on a Node of choice."""
    return System(
        name="pauses",
        root=str(root),
        services=(Service(name="ledger", kind="postgres", env={"LEDGER_URL": "{url}"}),),
        stubs=(Stub(name="rates", env={"RATES_URL": "{url}"}, routes="rates.json"),),
        processes=(
            Process(
                name="web",
                command=f"{node} pauses.js",
                env={"PORT": "{port}", "PAUSE_MS": str(pause_ms)},
                ready="http://127.0.0.1:{port}/health",
            ),
        ),
        setup_sql=("CREATE TABLE settlements (id text PRIMARY KEY, rate integer NOT NULL)",),
        workload=(request("/{unique}"),),
        symptom=SymptomPattern(log="duplicate key value"),
    )


def polling(root: Path, *, whole: bool, poll_ms: int = 150) -> System:
    """Two workers that look for jobs from time to time and count them, each in two steps."""
    env = {"WHOLE": "1"} if whole else {}
    return System(
        name="polling",
        root=str(root),
        services=(Service(name="queue", kind="redis", env={"QUEUE_URL": "{url}"}),),
        processes=(
            Process(
                name="web",
                command="node web.js",
                env={"PORT": "{port}", **env},
                ready="http://127.0.0.1:{port}/health",
            ),
            Process(
                name="worker",
                command="node worker.js",
                env={"POLL_MS": str(poll_ms), **env},
                replicas=2,
                ready_log="worker ready",
            ),
        ),
        workload=(request("/{unique}"),),
        invariants=(Invariant(name="both are counted", redis=("GET", "count"), expect="2"),),
    )


def habits(root: Path, *, after: int) -> System:
    """A web process that does less once it has served ``after`` requests."""
    return System(
        name="habits",
        root=str(root),
        services=(Service(name="db", kind="postgres", env={"PAGES_URL": "{url}"}),),
        processes=(
            Process(
                name="web",
                command="node habits.js",
                env={"PORT": "{port}", "HABIT_AFTER": str(after)},
                ready="http://127.0.0.1:{port}/health",
            ),
        ),
        setup_sql=SCHEMA[1:3],
        workload=(request("/visit"),),
    )


def request(path: str, body: dict[str, str] | None = None, deliveries: int = 2) -> Delivery:
    """``deliveries`` times the same POST."""
    return Delivery(name=path, to="web", method="POST", path=path, body=body, deliveries=deliveries)


def desk(root: Path, *, care_s: float = 0.0) -> System:
    """In Python, with a queue of its own: a list of values. A clerk takes ``care_s`` for each.

    Its library gives up after five seconds without a job; the clerks are told to wait for longer,
    or they are gone where a test begins late.
    """
    python = shlex.quote(sys.executable)
    return System(
        name="desk",
        root=str(root),
        services=(
            Service(name="books", kind="postgres", env={"DATABASE_URL": "{url}"}),
            Service(name="queue", kind="redis", env={"QUEUE_URL": "{url}?socket_timeout=600"}),
        ),
        processes=(
            Process(
                name="desk",
                command=f"{python} desk.py",
                env={"PORT": "{port}"},
                ready="http://127.0.0.1:{port}/",
            ),
            Process(
                name="clerk",
                command=f"{python} clerk.py",
                env={"CARE_S": str(care_s)},
                replicas=2,
                ready_log="clerk at work",
            ),
        ),
        setup_sql=("CREATE TABLE bookings (room text PRIMARY KEY)",),
        workload=(replace(request("/bookings", {"room": "{unique}"}), to="desk"),),
        symptom=SymptomPattern(log="duplicate key value"),
    )


def helpers(root: Path) -> System:
    """A desk with one clerk, who hands bookings on and asks for the next while they are written."""
    alone = desk(root)
    clerk = replace(alone.processes[1], replicas=1)
    written = "SELECT 1 WHERE NOT EXISTS (SELECT FROM bookings)"
    return replace(
        alone,
        name="helpers",
        processes=(alone.processes[0], clerk),
        workload=(replace(alone.workload[0], deliveries=1),),
        invariants=(Invariant(name="written", sql=written),),
    )


def shelf(root: Path) -> System:
    """A web process that counts in Redis what it takes, and writes down in PostgreSQL who did."""
    return System(
        name="shelf",
        root=str(root),
        services=(
            Service(name="db", kind="postgres", env={"SHELF_DB": "{url}"}),
            Service(name="counter", kind="redis", env={"SHELF_REDIS": "{url}"}),
        ),
        processes=(
            Process(
                name="web",
                command="node shelf.js",
                env={"PORT": "{port}"},
                ready="http://127.0.0.1:{port}/health",
            ),
        ),
        setup_sql=(
            "CREATE TABLE takings (id bigserial PRIMARY KEY, who text NOT NULL, "
            "at timestamptz NOT NULL DEFAULT now())",
            "CREATE TABLE tags (label text PRIMARY KEY)",
        ),
        workload=(request("/take", {"who": "{unique}"}),),
    )


DISTURBED_SCHEMA = (
    "CREATE TABLE accounts (id text PRIMARY KEY, amount integer NOT NULL)",
    "INSERT INTO accounts VALUES ('a', 10), ('b', 0)",
    "CREATE TABLE payments (id bigserial PRIMARY KEY, payment text NOT NULL)",
    "CREATE TABLE receipts (id bigserial PRIMARY KEY, payment text NOT NULL)",
    "CREATE TABLE numbered (id bigserial PRIMARY KEY, label text)",
    "CREATE TABLE identified (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, label text)",
    "CREATE TABLE parents (id text PRIMARY KEY)",
    "INSERT INTO parents VALUES ('p')",
    "CREATE TABLE children (id uuid PRIMARY KEY, parent text REFERENCES parents)",
    "CREATE TABLE strangers (id uuid PRIMARY KEY, parent text)",
    "CREATE TABLE seats (id integer PRIMARY KEY, taken boolean NOT NULL DEFAULT false)",
    "INSERT INTO seats VALUES (1), (2)",
)


def disturbed(root: Path) -> System:
    """Two web processes that do one thing after the other, for faults to come in between."""
    env = {"PORT": "{port}", "HOOK_SECRET": "whsec_of_the_tests"}
    names = ("web", "side")
    return System(
        name="disturbed",
        root=str(root),
        services=(
            Service(name="db", kind="postgres", env={"DB_URL": "{url}"}),
            Service(name="cache", kind="redis", env={"REDIS_URL": "{url}"}),
        ),
        processes=tuple(
            Process(
                name=name,
                command="node web.js",
                env=env,
                ready="http://127.0.0.1:{port}/health",
            )
            for name in names
        ),
        setup_sql=DISTURBED_SCHEMA,
        workload=(request("/transfer", deliveries=1),),
    )


def disturbed_python(root: Path) -> System:
    """The same with the drivers of Python, and a worker that forks for each job."""
    python = shlex.quote(sys.executable)
    return System(
        name="disturbed-python",
        root=str(root),
        services=(
            Service(name="db", kind="postgres", env={"DATABASE_URL": "{url}"}),
            Service(name="cache", kind="redis", env={"CACHE_URL": "{url}"}),
        ),
        processes=(
            Process(
                name="web",
                command=f"{python} desk.py",
                env={"PORT": "{port}"},
                ready="http://127.0.0.1:{port}/",
            ),
            Process(name="worker", command=f"{python} worker.py", ready_log="worker at work"),
        ),
        setup_sql=DISTURBED_SCHEMA,
        workload=(request("/psycopg_plain", deliveries=1),),
    )


COUNTED = (
    "CREATE TABLE counted (total integer)",
    "INSERT INTO counted VALUES (0)",
    "CREATE TABLE done (what text)",
)
ALL_COUNTED = Invariant(
    name="what is done is counted",
    sql="SELECT total FROM counted WHERE total <> (SELECT count(*) FROM done)",
)


def parcels(root: Path, library: str) -> System:
    """In Node, with a queue in PostgreSQL: graphile-worker's, or that of pg-boss."""
    env = {"LIBRARY": library, "NO_LOG_SUCCESS": "1"}
    return System(
        name="parcels",
        root=str(root),
        services=(Service(name="db", kind="postgres", env={"PARCELS_DB": "{url}"}),),
        processes=(
            Process(
                name="web",
                command="node web.js",
                env={"PORT": "{port}", **env},
                ready="http://127.0.0.1:{port}/health",
            ),
            Process(
                name="worker",
                command="node worker.js",
                env=env,
                replicas=2,
                ready_log="worker ready",
            ),
        ),
        setup_sql=COUNTED,
        workload=(request("/{unique}"),),
        invariants=(ALL_COUNTED,),
    )


def letters(root: Path, library: str, *, poll_s: float = 0.15) -> System:
    """In Python, with a queue in PostgreSQL: procrastinate's, or a table of its own.

    At that, clerks look from time to time, or (asyncpg) when they are notified.
    """
    python = shlex.quote(sys.executable)
    env = {"LIBRARY": library, "POLL_S": str(poll_s)}
    return System(
        name="letters",
        root=str(root),
        services=(
            Service(
                name="db",
                kind="postgres",
                env={"LETTERS_DB": "{url}"},
                migrate=f"{python} migrate.py",
            ),
        ),
        processes=(
            Process(
                name="office",
                command=f"{python} office.py",
                env={"PORT": "{port}", **env},
                ready="http://127.0.0.1:{port}/",
            ),
            Process(
                name="clerk",
                command=f"{python} clerk.py",
                env=env,
                replicas=2,
                ready_log="clerk ready",
            ),
        ),
        setup_sql=(
            "CREATE TABLE errands (id bigserial PRIMARY KEY, letter text, taken timestamptz)",
            *COUNTED,
        ),
        workload=(replace(request("/{unique}"), to="office"),),
        invariants=(ALL_COUNTED,),
    )
