"""Whether what must hold after the work is done does hold, asked of the services themselves."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import psycopg
import valkey

from redhanded.case.errors import InputError, LabError
from redhanded.case.run import Failure
from redhanded.case.system import Delivery, Invariant
from redhanded.lab.clock import monotonic_ms
from redhanded.lab.commands import run_command
from redhanded.lab.held import Held
from redhanded.lab.outside import UNIQUE, Exchange, Request, build
from redhanded.lab.programs import program_named
from redhanded.lab.running import RunningSystem
from redhanded.lab.servers import Server, asker
from redhanded.lab.stage import Stage
from redhanded.lab.workload import OUTSIDE

ANSWER_TIMEOUT_MS = 10_000.0
COMMAND_TIMEOUT_S = 60.0
TEXT_LENGTH_MAX = 500

Visit = Callable[[str, Request, str], int | None]
"""Sends a process a request for the invariant of that name; the status of its answer."""


def broken(
    running: RunningSystem, invariants: Iterable[Invariant], unique: str, visit: Visit
) -> list[Failure]:
    """One failure for each invariant that does not hold now, with what was found.

    ``serial`` ones are not told from the state alone and are passed over. Raises ``InputError`` for
    a query or command that the service does not take, ``LabError`` for one that does not end.
    """
    failures = []
    for invariant in invariants:
        for found in _found(running, invariant, unique, visit):
            text = f"{invariant.name}: {found}"
            failures.append(Failure(kind="invariant", text=text[:TEXT_LENGTH_MAX]))
    return failures


def says_whose(invariant: Invariant) -> bool:
    """Whether it asks about one trial, by its value of ``{unique}``."""
    asked = (invariant.sql, invariant.http, invariant.run, *invariant.redis)
    return any(UNIQUE in text for text in asked if text)


def visit_held(stage: Stage) -> Visit:
    """Asks while operations are held: what the answer takes is let through in any order."""

    def visit(process: str, request: Request, name: str) -> int | None:
        traffic = stage.running.traffic
        held = _asked(process, request, f"check of {name}")
        traffic.parked.append(held)
        traffic.start(held)
        exchange = stage.running.send(process, request)
        deadline = monotonic_ms() + ANSWER_TIMEOUT_MS
        stage.settle()
        while not exchange.ended and monotonic_ms() < deadline:
            stage.finish()
            stage.running.pump.turn(0.005)
            stage.settle()
        return _status(exchange)

    return visit


def visit_naturally(running: RunningSystem) -> Visit:
    """Asks while nothing is held."""

    def visit(process: str, request: Request, _name: str) -> int | None:
        exchange = running.send(process, request)
        deadline = monotonic_ms() + ANSWER_TIMEOUT_MS
        while not exchange.ended and monotonic_ms() < deadline:
            running.pump.turn(0.005)
        return _status(exchange)

    return visit


def _found(running: RunningSystem, invariant: Invariant, unique: str, visit: Visit) -> list[str]:
    """What is wrong, one text for each server that says so."""
    if invariant.run is not None:
        found = [_command(running, invariant, unique)]
    elif invariant.http is not None:
        found = [_answer(running, invariant, unique, visit)]
    else:
        servers = [
            server for name, server in running.servers.items() if invariant.service in (None, name)
        ]
        ask = _rows if invariant.sql is not None else _reply
        found = [ask(server, invariant, unique) for server in servers]
    return [text for text in found if text]


def rows_against(running: RunningSystem, invariant: Invariant) -> list[str]:
    """All rows that an ``sql`` invariant gives now, as texts."""
    return [
        repr(row)
        for name, server in running.servers.items()
        if invariant.service in (None, name)
        for row in _fetched(server, invariant, "")
    ]


def _rows(server: Server, invariant: Invariant, unique: str) -> str:
    rows = _fetched(server, invariant, unique)
    return repr(rows[0]) if rows else ""


def _fetched(server: Server, invariant: Invariant, unique: str) -> list[Any]:
    if server.admin is None or invariant.sql is None:
        return []
    try:
        return server.admin.execute(invariant.sql.replace(UNIQUE, unique).encode()).fetchall()
    except psycopg.Error as error:
        if server.admin.closed:
            raise
        raise _cannot_ask(invariant, "sql", str(error)) from error


def _reply(server: Server, invariant: Invariant, unique: str) -> str:
    if server.client is None or not invariant.redis:
        return ""
    command = tuple(word.replace(UNIQUE, unique).encode() for word in invariant.redis)
    try:
        reply = _plain(asker(server.client)(command))
    except valkey.ResponseError as error:
        raise _cannot_ask(invariant, "redis", str(error)) from error
    expected = invariant.expect
    if expected is None:
        return repr(reply) if reply not in (None, 0, "0", "", ()) else ""
    wanted = expected if isinstance(expected, tuple) else str(expected)
    got = reply if isinstance(reply, tuple) else str(reply)
    return "" if got == wanted else f"{reply!r} instead of {expected!r}"


def _plain(reply: Any) -> Any:
    """Texts for bytes, tuples of texts for arrays; nil within an array is an empty text."""
    if isinstance(reply, bytes):
        return reply.decode("utf-8", "replace")
    if isinstance(reply, list):
        return tuple("" if each is None else str(_plain(each)) for each in reply)
    return reply


def _answer(running: RunningSystem, invariant: Invariant, unique: str, visit: Visit) -> str:
    method, _, path = (invariant.http or "").partition(" ")
    process = program_named(running, invariant.to or "")
    entry = Delivery(name=invariant.name, to=process, method=method, path=path)
    status = visit(process, build(entry, unique, {}), invariant.name)
    if status is None:
        return f"{invariant.http} was not answered within {ANSWER_TIMEOUT_MS / 1000:.0f} s"
    well = status == invariant.expect if invariant.expect is not None else 200 <= status < 300
    return "" if well else f"{invariant.http} was answered with status {status}"


def _command(running: RunningSystem, invariant: Invariant, unique: str) -> str:
    command = (invariant.run or "").replace(UNIQUE, unique)
    finished = run_command(
        running, command, timeout_s=COMMAND_TIMEOUT_S, settings=running.settings, direct=True
    )
    if finished.code is None:
        raise LabError(
            f"The invariant `{invariant.name}` did not end within {COMMAND_TIMEOUT_S:.0f} s: "
            f"{command}"
        )
    said = " / ".join(finished.lines[-3:]) or "it wrote nothing"
    if finished.code in (126, 127):
        raise _cannot_ask(invariant, "run", f"`{command}` cannot be started: {said}")
    return "" if finished.code == (invariant.expect or 0) else f"exit code {finished.code}: {said}"


def _asked(process: str, request: Request, task: str) -> Held:
    """The check as a delivery, so that what it causes is nobody else's work."""
    method, path = request.text.split(" ", 2)[:2]
    return Held(
        protocol="delivery",
        process=OUTSIDE,
        role=OUTSIDE,
        service=process,
        kind=method,
        target=path,
        access="read",
        text=request.text,
        fingerprint=f"{method} {path}",
        touches=(),
        cause=None,
        task=task,
        arrived_ms=-1.0,
    )


def _status(exchange: Exchange) -> int | None:
    exchange.close()
    return exchange.status


def _cannot_ask(invariant: Invariant, key: str, said: str) -> InputError:
    return InputError(
        f"The invariant `{invariant.name}` cannot be asked: {' '.join(said.split())}. Correct "
        f"`{key}` below [invariants.{invariant.name}] in redhanded.toml."
    )
