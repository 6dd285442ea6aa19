"""A million hostile conversations for the PostgreSQL codec; see ``fuzzing``.

python fuzz_postgres.py [--inputs 1000000] [--first-seed 0]
"""

from __future__ import annotations

import argparse
import struct
import sys
from collections.abc import Sequence

from fuzzing import Fuzzed, Progress, Turn, fuzz, markdown

from redhanded.lab.wire.postgres import PostgresStream

INPUTS = 1_000_000


def message(code: str, body: bytes = b"") -> bytes:
    return code.encode() + struct.pack(">I", len(body) + 4) + body


def packet(code: int, body: bytes = b"") -> bytes:
    return struct.pack(">II", len(body) + 8, code) + body


def query(sql: str) -> bytes:
    return message("Q", sql.encode() + b"\0")


def parse(sql: str, name: str = "", *types: int) -> bytes:
    count = len(types)
    return message("P", f"{name}\0{sql}\0".encode() + struct.pack(f">H{count}I", count, *types))


def bind(*values: bytes, name: str = "", portal: str = "", binary: bool = False) -> bytes:
    body = f"{portal}\0{name}\0".encode() + struct.pack(">HHH", 1, binary, len(values))
    given = b"".join(struct.pack(">i", len(value)) + value for value in values)
    return message("B", body + given + b"\0\0")


def execute(portal: str = "", rows: int = 0) -> bytes:
    return message("E", portal.encode() + b"\0" + struct.pack(">I", rows))


def error(code: str, severity: str = "ERROR") -> bytes:
    fields = f"S{severity}\0V{severity}\0C{code}\0Mno\0tseats\0nseats_key\0DKey (a)=(1).\0\0"
    return message("E", fields.encode())


def row(*values: bytes) -> bytes:
    given = b"".join(struct.pack(">i", len(value)) + value for value in values)
    return message("D", struct.pack(">H", len(values)) + given)


STARTUP = packet(196608, b"user\0me\0database\0seats\0\0")
STARTUP_32 = packet(196610, b"user\0me\0_pq_.x\01\0\0")
SSL, GSS = packet(80877103), packet(80877104)
CANCEL = packet(80877102, struct.pack(">II", 4711, 9))
SYNC, FLUSH = message("S"), message("H")
PARSED, BOUND, CLOSED, NO_DATA = (message(code) for code in "123n")
IDLE, OPEN, FAILED = (message("Z", state) for state in (b"I", b"T", b"E"))
SHAPE = message("T", struct.pack(">H", 1) + b"n\0" + bytes(18))
KEY = message("K", struct.pack(">I", 4711) + b"k" * 32)
LOGGED_IN = message("R", bytes(4)) + message("S", b"TimeZone\0UTC\0") + KEY + IDLE
NOTIFIED = message("A", struct.pack(">I", 7) + b"news\0hello\0")
NOTICE = message("N", b"SNOTICE\0C00000\0Mnote\0\0")
COPY_IN, COPY_OUT = (message(code, b"\0" + struct.pack(">HH", 1, 0)) for code in "GH")


def done(tag: str) -> bytes:
    return message("C", tag.encode() + b"\0")


TOKENS: Sequence[bytes] = (
    STARTUP, STARTUP_32, SSL, GSS, CANCEL, LOGGED_IN, SYNC, FLUSH, PARSED, BOUND, CLOSED, NO_DATA,
    IDLE, OPEN, FAILED, SHAPE, KEY, NOTIFIED, NOTICE, COPY_IN, COPY_OUT, b"N", b"S", b"G", b"\x16",
    message("d", b"1\n"), message("c"), message("f", b"no\0"), message("X"),
    message("p", b"md5\0"), message("I"), message("s"), message("W", b"\0\0\0"),
    message("v", bytes(8)), message("t", b"\0\0"), message("V", b"\xff" * 4),
    message("F", bytes(10)), message("C", b"Ss\0"), message("D", b"Ss\0"), query("SELECT 1"),
    query("BEGIN; $a$ ; $$ /* ; -- E'\\'"), query(""), parse("SELECT $1", "s", 23), bind(b"1"),
    bind(b"\0\0\0\1", name="s", binary=True), execute(), execute("p", 2), row(b"1"),
    done("SELECT 1"), done("INSERT 0 99999999999999999999"), error("23505"),
    error("57P01", "FATAL"), b"Q\0\0\0\3", b"Q\xff\xff\xff\xff", b"D\x7f\xff\xff\xff",
    b"d\x7f\xff\xff\xff", b"E\x04\0\0\0", b"B\x10\0\0\0", b"\0\0\0\0", b"\0\0\0\4",
    b"\xff\xff\xff\xff", b"\0\1", b"\xff\xff", b"\0", b"'", b"$",
)  # fmt: skip

CONVERSATIONS: Sequence[Sequence[Turn]] = (
    (
        ("c", GSS), ("s", b"N"), ("c", SSL), ("s", b"N"), ("c", STARTUP_32),
        ("s", message("v", struct.pack(">II", 196610, 0))),
        ("s", message("R", struct.pack(">I", 10) + b"SCRAM-SHA-256\0\0")),
        ("c", message("p", b"SCRAM-SHA-256\0\0\0\0\5n,,n=")),
        ("s", message("R", struct.pack(">I", 11) + b"r=")), ("c", message("p", b"c=biws")),
        ("s", LOGGED_IN),
        ("c", query("BEGIN; INSERT INTO seats VALUES (1, ';'); SELECT $$;$$")),
        ("s", done("BEGIN") + done("INSERT 0 1") + SHAPE + row(b"x" * 300)),
        ("s", done("SELECT 1") + OPEN),
        ("c", query("INSERT INTO seats VALUES (1)")), ("s", NOTICE + error("23505") + FAILED),
        ("c", query("/* a /* b */ */ ROLLBACK")),
        ("s", NOTIFIED + done("ROLLBACK") + IDLE + NOTIFIED),
        ("c", message("X")),
    ),
    (
        ("c", STARTUP), ("s", LOGGED_IN),
        ("c", parse("SELECT $1::int + $2", "s", 23, 0) + message("D", b"Ss\0") + FLUSH),
        ("s", PARSED + message("t", struct.pack(">HII", 2, 23, 1700)) + SHAPE),
        ("c", bind(b"\0\0\0\1", b"\0\1" + bytes(7) + b"\2", name="s", binary=True)),
        ("c", execute(rows=2) + FLUSH),
        ("s", BOUND + row(b"1") + row(b"2") + message("s")),
        ("c", execute(rows=2) + FLUSH), ("s", row(b"3") + done("SELECT 1")),
        ("c", message("C", b"P\0") + SYNC), ("s", CLOSED + IDLE),
        ("c", parse("bad") + FLUSH + bind() + execute() + FLUSH), ("s", error("42601")),
        ("c", parse("SELECT 2", "s") + FLUSH + SYNC + bind(name="s") + execute() + SYNC),
        ("s", IDLE + BOUND + row(b"1") + done("SELECT 1") + IDLE),
        ("c", bind(b"1") + execute() + bind(b"2") + execute() + SYNC),
        ("s", BOUND + done("UPDATE 1") + error("40001") + IDLE),
    ),
    (
        ("c", STARTUP), ("s", LOGGED_IN),
        ("c", query("SELECT 1; COPY t FROM STDIN; COPY u FROM STDIN")),
        ("s", SHAPE + row(b"1") + done("SELECT 1") + COPY_IN),
        ("c", message("d", b"1\n") * 20 + message("c")), ("s", done("COPY 20") + COPY_IN),
        ("c", message("d", b"x" * 2000) + message("f", b"no\0")), ("s", error("57014") + IDLE),
        ("c", parse("COPY t FROM STDIN") + bind() + execute() + SYNC),
        ("s", PARSED + BOUND + COPY_IN),
        ("c", message("d", b"a\n") + FLUSH + SYNC + message("d", b"b\n")), ("s", error("22P02")),
        ("c", message("d", b"c\n") + message("c") + SYNC), ("s", IDLE),
        ("c", query("COPY t TO STDOUT")),
        ("s", COPY_OUT + message("d", b"1\n") * 9 + message("c") + done("COPY 9") + IDLE),
        ("c", message("F", struct.pack(">IHHH", 1, 0, 0, 0))), ("s", message("V", bytes(4)) + IDLE),
        ("s", error("57P01", "FATAL")),
    ),
    (("c", CANCEL),),
    (("c", SSL), ("s", b"S"), ("c", b"\x16\x03\1\2\3"), ("s", b"\x16\x03\3"), ("c", b"\x17\x03")),
)  # fmt: skip


def measure(*, inputs: int = INPUTS, first_seed: int = 0, say: Progress) -> Fuzzed:
    return fuzz(
        "PostgreSQL",
        PostgresStream,
        CONVERSATIONS,
        TOKENS,
        inputs=inputs,
        first_seed=first_seed,
        say=say,
    )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--inputs", type=int, default=INPUTS)
    parser.add_argument("--first-seed", type=int, default=0)
    arguments = parser.parse_args()
    result = measure(
        inputs=arguments.inputs,
        first_seed=arguments.first_seed,
        say=lambda line: print(line, file=sys.stderr, flush=True),
    )
    print(markdown([result]), *result.faults, f"slowest: seed {result.slowest_seed}", sep="\n")
    return 1 if result.faults else 0


if __name__ == "__main__":
    sys.exit(main())
