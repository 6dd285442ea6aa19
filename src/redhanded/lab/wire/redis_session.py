"""What the commands of one Redis connection are to be understood by: version, database, watch."""

from __future__ import annotations

from dataclasses import dataclass, replace

from redhanded.lab.wire.redis_commands import Command, hello_version

DATABASE_DIGITS_MAX = 9


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """The state of one connection that later commands depend on."""

    version: int = 2
    """Of RESP, as the client last asked for it."""
    database: int = 0
    """Number of the selected one."""
    watched: tuple[bytes, ...] = ()
    """Keys whose change makes the next EXEC do nothing."""


def after(session: Session, kind: str, command: Command) -> Session:
    """The session once the server has accepted ``command``, whose name in upper case is ``kind``.

    A block counts when it ends: fold its commands; MULTI itself changes nothing.
    """
    if kind not in _CHANGING:
        return session
    if kind == "RESET":
        return Session()
    if kind == "HELLO":
        version = hello_version(kind, command)
        return session if version is None else replace(session, version=version)
    if kind == "SELECT":
        number = selected(command)
        return session if number is None else replace(session, database=number)
    if kind == "WATCH":
        return replace(session, watched=tuple(dict.fromkeys(session.watched + command[1:])))
    return replace(session, watched=()) if session.watched else session


_CHANGING = frozenset(["RESET", "HELLO", "SELECT", "WATCH", "UNWATCH", "EXEC", "DISCARD"])


def without(session: Session, before: Session, then: Session) -> Session:
    """``session`` with what a refused command changed (``before`` to ``then``) taken back; a
    refused EXEC does end the watch."""
    return replace(
        session,
        version=session.version if before.version == then.version else before.version,
        database=session.database if before.database == then.database else before.database,
    )


def selected(command: Command) -> int | None:
    """The database that a SELECT names; None if that is no number."""
    if len(command) == 2 and command[1].isdigit() and len(command[1]) <= DATABASE_DIGITS_MAX:
        return int(command[1])
    return None
