"""PostgreSQL messages between two ends of a unit, and what is known of a unit that was sent."""

from __future__ import annotations

import struct
from collections import deque
from dataclasses import dataclass, field

from redhanded.case.operation import WireFailure
from redhanded.lab.wire.postgres_prepared import Change, Prepared, Statement
from redhanded.lab.wire.sql import EMPTY, kind_of, read_query
from redhanded.lab.wire.unit import Answer, Bound, TransactionState

SYNC, FLUSH, QUERY, FUNCTION_CALL = b"SHQF"
ENDERS = frozenset((SYNC, FLUSH, QUERY, FUNCTION_CALL))
_PARSE, _BIND, _DESCRIBE, _EXECUTE, _CLOSE = b"PBDEC"
_KINDS_WITHOUT_EXECUTE = (
    (_BIND, "BIND"),
    (_PARSE, "PARSE"),
    (_DESCRIBE, "DESCRIBE"),
    (_CLOSE, "CLOSE"),
)


class Group:
    """Messages of the client since the last end of a unit."""

    __slots__ = (
        "_codes",
        "_parts",
        "_query_kind",
        "changes",
        "described",
        "expected",
        "length",
        "statements",
    )

    def __init__(self) -> None:
        self.statements: list[Bound] = []
        self.expected = 0
        """How many answers the messages have together."""
        self.described: deque[Statement | None] = deque()
        """Statements whose parameter types the server will name, in order."""
        self.changes: list[Change] = []
        """Of Parse, Bind and Close, in order: undone where the server refuses."""
        self.length = 0
        """Bytes kept of it."""
        self._parts: list[bytes] = []
        self._codes: set[int] = set()
        self._query_kind = EMPTY

    def keep(self, raw: bytes) -> None:
        """Takes bytes of messages that were read but do not end the unit."""
        self._parts.append(raw)
        self.length += len(raw)

    def joined(self, raw: bytes) -> bytes:
        """All bytes of the unit, of which ``raw`` are the last."""
        return b"".join((*self._parts, raw)) if self._parts else raw

    def read(self, code: int, body: bytes, prepared: Prepared) -> None:
        """Takes one message in. Raises ``ValueError`` or ``struct.error`` on a wrong body."""
        if code == QUERY:
            text = body[: body.index(0)].decode("utf-8", "replace")
            self._query_kind, statements = read_query(text)
            self.statements.extend(statements)
            return
        if code in (SYNC, FLUSH, FUNCTION_CALL):
            return
        if code == _PARSE:
            self.changes.append(prepared.parse(body))
        elif code == _BIND:
            self.changes.append(prepared.bind(body))
        elif code == _EXECUTE:
            self.statements.append(prepared.execute(body))
        elif code == _DESCRIBE:
            if body[:1] == b"S":
                self.described.append(prepared.describe(body))
        elif code == _CLOSE:
            self.changes.append(prepared.close(body))
        else:
            return
        self._codes.add(code)
        self.expected += 1

    def kind(self, ender: int) -> str:
        """See ``Unit.kind``."""
        if _EXECUTE in self._codes:
            return kind_of(self.statements[0].sql)
        if ender == QUERY:
            return self._query_kind
        if ender == FUNCTION_CALL:
            return "FUNCTION CALL"
        for code, kind in _KINDS_WITHOUT_EXECUTE:
            if code in self._codes:
                return kind
        return "SYNC" if ender == SYNC else "FLUSH"


@dataclass(slots=True)
class Pending:
    """A unit whose answer is not complete."""

    serial: int
    ender: int
    """Code of the message that ended the unit."""
    expected: int = 0
    """Answers still to come; only counted for Flush."""
    described: deque[Statement | None] = field(default_factory=deque)
    describing: Statement | None = None
    """The one whose parameters were named last: its columns come next."""
    changes: list[Change] = field(default_factory=list)
    """What its messages changed of the names known on the connection."""
    confirmed: int = 0
    """How many of them the server said yes to."""
    begun: bool = False
    """Some of the answer has come."""
    rows: int | None = None
    returned: int = 0
    """Rows since the last statement was complete."""
    failure: WireFailure | None = None

    def add_rows(self, count: int | None) -> None:
        self.returned = 0
        if count is not None:
            self.rows = count + (self.rows or 0)

    def answer(self, raw: bytes, transaction: TransactionState | None) -> Answer:
        """The last piece of the answer."""
        return Answer(
            serial=self.serial,
            raw=raw,
            complete=True,
            rows=self.rows,
            failure=self.failure,
            transaction=transaction,
        )

    def undo(self) -> None:
        """Takes back what the server did not confirm: it refused one message, so it skips the
        rest."""
        for change in reversed(self.changes[self.confirmed :]):
            change.undo()
        del self.changes[self.confirmed :]

    def describe(self, body: bytes) -> None:
        """ParameterDescription: the types of the statement that was asked for next."""
        statement = self.described.popleft() if self.described else None
        self.describing = statement
        if statement is not None and len(body) >= 2:
            count = min(int.from_bytes(body[:2], "big"), (len(body) - 2) // 4)
            statement.types = struct.unpack_from(f">{count}I", body, 2)

    def describe_rows(self, body: bytes) -> None:
        """RowDescription: the columns of the statement that was asked for, or of the answer."""
        statement, self.describing = self.describing, None
        if statement is not None:
            statement.columns = body


def rows_of(tag: bytes) -> int | None:
    """Of a CommandComplete's body: ``INSERT 0 1`` is 1, ``SELECT 3`` is 3, ``BEGIN`` is none."""
    last = tag.rstrip(b"\0").rpartition(b" ")[2]
    return int(last) if last.isdigit() and len(last) < 20 else None


def failure_of(body: bytes) -> tuple[WireFailure, bool]:
    """Of an ErrorResponse's body (manual, section 55.8), and whether the server ends with it."""
    fields = {part[:1]: part[1:].decode("utf-8", "replace") for part in body.split(b"\0") if part}
    failure = WireFailure(
        code=fields.get(b"C", ""),
        message=fields.get(b"M", ""),
        table=fields.get(b"t"),
        constraint=fields.get(b"n"),
        detail=fields.get(b"D"),
    )
    return failure, fields.get(b"V", fields.get(b"S")) in ("FATAL", "PANIC")
