"""Mutated conversations and random bytes for a codec, and what it made of them.

A codec may give messages or raise ``WireError`` and nothing else. What it gave before an error, and
all that it gave without one, has to be a beginning of what it was fed, byte for byte.
"""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from random import Random  # noqa: TID251 - seeded: any input can be made again
from time import perf_counter, thread_time

from part import Part

from redhanded.case.errors import WireError
from redhanded.lab.wire.http import HttpStream
from redhanded.lab.wire.unit import Stream

Turn = tuple[str, bytes]
"""``("c", bytes)`` from the client or ``("s", bytes)`` from the server."""
Progress = Callable[[str], None]
SAY_EVERY = 50_000
INPUTS_BAR = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Fuzzed:
    """What came of many inputs."""

    codec: str
    inputs: int
    refused: int
    """Ended in a ``WireError``; the rest was taken."""
    bytes: int
    seconds: float
    slowest_ms: float
    """The most that one input, all its parts together, took of the processor."""
    slowest_seed: int
    memory_checked: int
    """Inputs whose memory was measured."""
    memory_kb_max: float
    """The most that a codec allocated for one of these."""
    faults: tuple[str, ...]
    """Seed and what went wrong: another exception, or bytes lost, added or out of order."""

    @property
    def inputs_per_s(self) -> float:
        return self.inputs / self.seconds


def fuzz(
    codec: str,
    make: Callable[[], Stream],
    conversations: Sequence[Sequence[Turn]],
    tokens: Sequence[bytes],
    *,
    inputs: int,
    first_seed: int = 0,
    say: Progress,
) -> Fuzzed:
    """``inputs`` conversations, each made from its own seed, so that any can be had again."""
    refused = total = checked = slowest_seed = 0
    slowest = memory = 0.0
    faults: list[str] = []
    began = perf_counter()
    for number in range(inputs):
        seed = first_seed + number
        turns = mutated(Random(seed), conversations, tokens)
        measure = number % 1000 == 0
        if measure:
            tracemalloc.start()
        started = thread_time()
        fault, ended = feed(make(), turns)
        spent = thread_time() - started
        if measure:
            checked += 1
            memory = max(memory, tracemalloc.get_traced_memory()[1] / 1024)
            tracemalloc.stop()
        elif spent > slowest:
            slowest, slowest_seed = spent, seed
        refused += ended
        total += sum(len(data) for _, data in turns)
        if fault:
            faults.append(f"seed {seed}: {fault}")
        if (number + 1) % SAY_EVERY == 0:
            say(f"{codec}: {number + 1:,} of {inputs:,}, {len(faults)} faults")
    return Fuzzed(
        codec=codec,
        inputs=inputs,
        refused=refused,
        bytes=total,
        seconds=perf_counter() - began,
        slowest_ms=round(slowest * 1000, 2),
        slowest_seed=slowest_seed,
        memory_checked=checked,
        memory_kb_max=round(memory, 1),
        faults=tuple(faults[:20]),
    )


def feed(stream: Stream, turns: Sequence[Turn]) -> tuple[str, bool]:
    """What went wrong (empty: nothing), and whether it ended in a ``WireError``."""
    sent, given = {"c": [], "s": []}, {"c": [], "s": []}
    ended = False
    try:
        for side, data in turns:
            sent[side].append(data)
            found = stream.client(data) if side == "c" else stream.server(data)
            given[side] += [item.raw for item in found]
            if side == "c" and len(data) % 3 == 0 and isinstance(stream, HttpStream):
                given[side] += [unit.raw for unit in stream.rest()]
        given["s"] += [answer.raw for answer in stream.end()]
    except WireError:
        ended = True
    except Exception as error:  # noqa: BLE001 - that it raises nothing else is what is measured
        return f"{type(error).__name__}: {error}", False
    for side in ("c", "s"):
        if not b"".join(sent[side]).startswith(b"".join(given[side])):
            return f"the bytes given are not those of side {side}", ended
    return "", ended


def mutated(
    random: Random, conversations: Sequence[Sequence[Turn]], tokens: Sequence[bytes]
) -> list[Turn]:
    """A recorded conversation with some bytes changed, or only tokens and random bytes, in
    random parts."""
    if random.random() < 0.2:
        turns = [(random.choice("cs"), _noise(random, tokens)) for _ in range(random.randint(1, 8))]
    else:
        turns = list(random.choice(conversations))
        begin = random.randrange(len(turns)) if random.random() < 0.3 else 0
        turns = turns[begin : begin + random.randint(1, 12)]
        for _ in range(random.randint(0, 4)):
            at = random.randrange(len(turns))
            side, data = turns[at]
            turns[at] = (side, _changed(random, data, tokens))
        if random.random() < 0.1:
            random.shuffle(turns)
    return [piece for turn in turns for piece in _cut(random, turn)]


def _changed(random: Random, data: bytes, tokens: Sequence[bytes]) -> bytes:
    at = random.randint(0, len(data))
    end = min(len(data), at + random.choice((1, 1, 2, 4, 16, 64)))
    match random.randrange(7):
        case 0:
            return data[:at]
        case 1:
            return data[:at] + data[end:]
        case 2:
            return data[:at] + data[at:end] * random.randint(2, 50) + data[end:]
        case 3:
            return data[:at] + random.randbytes(end - at) + data[end:]
        case 4:
            return data[:at] + random.choice(tokens) + data[at:]
        case 5:
            return data[:at] + random.choice(tokens) + data[end:]
        case _:
            return _other_number(random, data)


def _other_number(random: Random, data: bytes) -> bytes:
    """One digit becomes another number: lengths and counts that are not true."""
    places = [at for at, byte in enumerate(data) if 48 <= byte <= 57]
    if not places:
        return data
    at = random.choice(places)
    number = random.choice((b"0", b"1", b"-1", b"9", b"65536", b"2147483648", b"99999999999999999"))
    return data[:at] + number + data[at + 1 :]


def _noise(random: Random, tokens: Sequence[bytes]) -> bytes:
    if random.random() < 0.5:
        return random.randbytes(random.randint(0, 200))
    return b"".join(random.choice(tokens) for _ in range(random.randint(1, 30)))


def _cut(random: Random, turn: Turn) -> list[Turn]:
    side, data = turn
    parts = random.choice((0, 0, 1, 2, 5, 20))
    edges = sorted({0, len(data), *(random.randint(0, len(data)) for _ in range(parts))})
    return [(side, data[a:b]) for a, b in pairwise(edges)] or [turn]


def part(rows: Sequence[Fuzzed]) -> Part:
    """The page of the bench."""
    faults = [fault for row in rows for fault in row.faults]
    text = (
        "Recorded conversations with bytes changed, cut, repeated or left out, lengths that are "
        "not true, and random tokens and bytes, in random parts. A codec has to give what it was "
        "fed, byte for byte, or to refuse it with a WireError."
    )
    least = min(row.inputs for row in rows)
    said = "met" if least >= INPUTS_BAR and not faults else "missed"
    verdict = f"**{len(faults)}** faults (bar: none in {INPUTS_BAR:,} inputs per codec, {said})."
    return Part(
        title="Hostile bytes",
        body="\n\n".join((text, markdown(rows), *faults, verdict)),
        raw=rows,
    )


def markdown(rows: Sequence[Fuzzed]) -> str:
    """A row per codec."""
    lines = [
        "| codec | inputs | refused with WireError | taken | inputs/s | slowest, ms of CPU | "
        "most memory, KB | hangs, crashes, bytes lost |",
        "| --- |" + " ---: |" * 7,
    ]
    lines += [
        f"| {row.codec} | {row.inputs:,} | {row.refused:,} | {row.inputs - row.refused:,} | "
        f"{row.inputs_per_s:,.0f} | {row.slowest_ms:g} | {row.memory_kb_max:,g} | "
        f"{len(row.faults)} |"
        for row in rows
    ]
    return "\n".join(lines) + "\n"
