"""The system under test, as ``redhanded.toml`` describes it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

from redhanded.case.schedule import FaultKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """A PostgreSQL or Redis server that the system uses."""

    name: str
    kind: Literal["postgres", "redis"]
    env: dict[str, str]
    """Environment variable to template: ``{url} {host} {port} {user} {password} {db}``; with
    ``tls`` also ``{ca}``."""
    url: str | None = None
    """A server that runs already; None starts an embedded one."""
    tls: bool = False
    """Processes reach it in TLS, which ends at the lab's proxies."""
    migrate: str | None = None
    """Shell command run in the target's root on each fresh database."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Process:
    """A program of the system; each replica is a process of its own."""

    name: str
    """The role."""
    command: str
    """Shell words with ``{port}`` and ``{name}``; run without a shell where there is no syntax."""
    env: dict[str, str] = field(default_factory=dict)
    cwd: str = "."
    """Relative to the target's root."""
    env_file: str | None = None
    replicas: int = 1
    ready: str | None = None
    """URL with ``{port}`` that answers 2xx once the process serves."""
    ready_log: str | None = None
    """Text that the process writes once it serves."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stub:
    """An outside service that the lab answers for."""

    name: str
    env: dict[str, str]
    """Environment variable to template: ``{url} {host} {port}``."""
    routes: str
    """JSON file of recorded routes, relative to the target's root."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Signature:
    """How a webhook is signed after its values were filled in."""

    scheme: str
    """``stripe`` (t=…,v1=hex), ``github`` (sha256=hex) or ``hmac-sha256`` (hex)."""
    secret_env: str
    """The variable of the receiving process that holds the secret."""
    header: str | None = None
    """Another header than the scheme's own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """What the outside world sends or starts in one trial (one ``[[workload]]`` entry)."""

    name: str
    to: str
    """The process that receives it, or one of its replicas (``web.2``)."""
    method: str = ""
    path: str = ""
    run: str | None = None
    """A program instead of a request, started with the environment of ``to``; it answers with its
    exit code."""
    body: Any = None
    """JSON value; strings may contain ``{unique}``, new in each trial."""
    raw_body: str | None = None
    headers: dict[str, str] = field(default_factory=dict)
    sign: Signature | None = None
    deliveries: int = 1
    """How often the very same request is delivered."""
    gap_ms: float | None = None
    """Between deliveries in natural runs; None takes it from the log, or 0 without a log."""
    after: str | None = None
    """Starts when the named entry was answered; None starts at once."""
    expect: int | None = None
    """Status of a good answer; None accepts any below 500. Of a program: its exit code; None
    accepts any in a trial, and 0 in a serial run."""
    capture: dict[str, str] = field(default_factory=dict)
    """Name to place in the JSON answer (``data.items.0.id``): later entries may say ``{name}``."""
    values: dict[str, tuple[str | int | float | bool, ...]] = field(default_factory=dict)
    """Name to the values of which each trial draws one for ``{name}``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SymptomPattern:
    """What a failure looks like."""

    log: str | None = None
    """Text in any process's output."""
    sqlstate: str | None = None
    status: int | None = None
    rate: float | None = None
    """Failures per request as claimed by the user, where no log says."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Invariant:
    """What must hold after the work is done; one of ``sql`` to ``serial`` says how it is told."""

    name: str
    sql: str | None = None
    """A query that gives no rows when all is well; may contain ``{unique}``."""
    redis: tuple[str, ...] = ()
    """The words of a Redis command, ``EVAL`` included; its reply is ``expect``, or else nil, 0 or
    empty, when all is well; may contain ``{unique}``."""
    http: str | None = None
    """Method and path of a request that is answered with the status ``expect``, or any 2xx."""
    run: str | None = None
    """Shell command that ends with exit code ``expect``, or 0; it reaches the services directly."""
    serial: bool = False
    """All rows and keys are as after some order of the deliveries one after the other."""
    service: str | None = None
    """The database of ``sql`` or ``redis``; None takes the only one."""
    to: str | None = None
    """The process that ``http`` asks."""
    expect: str | int | tuple[str, ...] | None = None
    ignore: tuple[str, ...] = ()
    """Of ``serial``: patterns of tables, ``table.column`` and Redis keys that are not compared."""


@dataclass(frozen=True, slots=True, kw_only=True)
class System:
    """Everything the lab needs to run the system unmodified."""

    name: str
    root: str
    """Absolute path of the target."""
    prepare: tuple[str, ...] = ()
    build: tuple[str, ...] = ()
    lay_out: str | None = None
    """Command that lays the target out as a repository of its own in ``{dir}``."""
    source: tuple[str, ...] = ("src",)
    clock: Literal["real", "lab"] = "real"
    """``lab``: the processes' clocks and timers follow one clock, which the lab moves forward."""
    services: tuple[Service, ...] = ()
    processes: tuple[Process, ...] = ()
    stubs: tuple[Stub, ...] = ()
    dumps: dict[str, str] = field(default_factory=dict)
    """Database service to a plain-text dump, relative to the target's root."""
    setup_sql: tuple[str, ...] = ()
    setup_commands: tuple[str, ...] = ()
    workload: tuple[Delivery, ...] = ()
    symptom: SymptomPattern = field(default_factory=SymptomPattern)
    invariants: tuple[Invariant, ...] = ()
    faults: tuple[FaultKind, ...] | None = None
    """What the environment may do; None: nothing was said of it."""
    test_command: str | None = None
    notes: tuple[str, ...] = ()
    """What was filled in or guessed while reading the file."""
