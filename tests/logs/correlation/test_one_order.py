"""Orders that the log never shows are named, and only those."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from redhanded.logs.correlation.clocks import clocks
from redhanded.logs.correlation.events import Events, events
from redhanded.logs.correlation.join import Joined, join
from redhanded.logs.correlation.one_order import OneOrder, one_orders
from redhanded.logs.files import log_files
from redhanded.logs.read import read

BEGIN_MS = 1_760_000_000_000
Line = dict[str, Any]


def read_back(folder: Path, **files: list[Line]) -> tuple[Events, Joined]:
    paths = []
    for name, lines in files.items():
        path = folder / f"{name}.log"
        path.write_text("".join(json.dumps(line) + "\n" for line in lines))
        paths.append(path)
    found = events(read(log_files(paths)[0]))
    return found, join(found, found.keys.index("req"))


def named(found: Events, candidates: tuple[OneOrder, ...]) -> set[tuple[str, str]]:
    return {(found.templates[one.before], found.templates[one.after]) for one in candidates}


def shop(count: int, *, reversed_once: bool = False) -> list[Line]:
    """On each account a withdrawal begins while a transfer is under way; the audit comes before or
    after the transfer's end, the withdrawal always after its check."""
    lines: list[Line] = []
    for number in range(count):
        at = BEGIN_MS + 10_000 * number
        account = {"accountId": f"a{number % 7}x"}
        for lead in (0, 5_000):
            own = {"reqId": f"t{number}-{lead}", **account}
            lines.append({"time": at + lead, **own, "msg": "transfer checked"})
            lines.append({"time": at + lead + 100, **own, "msg": "transfer booked"})
            late = 60 if lead else 40
            other = {"reqId": f"w{number}-{lead}", **account}
            early = reversed_once and number == 3 and lead == 0
            lines.append({"time": at + lead + (-5 if early else late), **other,
                          "msg": "withdrawal booked"})  # fmt: skip
            audit = {"reqId": f"x{number}-{lead}", **account}
            lines.append({"time": at + lead + (90 if number % 2 else 110), **audit,
                          "msg": "account audited"})  # fmt: skip
    return lines


def test_stories_on_one_thing(tmp_path: Path) -> None:
    found, joined = read_back(tmp_path, web=shop(20))
    candidates = one_orders(found, joined).candidates
    pairs = named(found, candidates)
    assert ("transfer checked", "withdrawal booked") in pairs
    assert ("withdrawal booked", "transfer booked") in pairs
    assert not {("transfer booked", "account audited"), ("account audited", "transfer booked")} & (
        pairs
    )
    assert not any("transfer" in one and "transfer" in other for one, other in pairs)
    first = next(one for one in candidates if found.templates[one.after] == "withdrawal booked")
    assert (first.seen, first.overlapping, first.closest_ms) == (40, 40, 40)
    assert first.key == "account" and not first.handed_over
    texts = [found.templates[found.template[row]] for row in first.rows]
    assert texts == ["transfer checked", "withdrawal booked"]


def test_an_order_that_was_seen_once_is_no_candidate(tmp_path: Path) -> None:
    found, joined = read_back(tmp_path, web=shop(20, reversed_once=True))
    pairs = named(found, one_orders(found, joined).candidates)
    assert ("transfer checked", "withdrawal booked") not in pairs
    assert ("withdrawal booked", "transfer booked") in pairs


def queue(skew_ms: int = 0) -> dict[str, list[Line]]:
    web, worker = [], []
    for number in range(30):
        at = BEGIN_MS + 1_000 * number
        own = {"reqId": f"r{number}k"}
        job = {"jobId": f"j{number}k"}
        web.append({"time": at, **own, "msg": "accepted"})
        web.append({"time": at + 10, **own, **job, "msg": "queued"})
        web.append({"time": at + 12 + number % 3, **own, "msg": "committed"})
        web.append({"time": at + 40 + number % 5 * 10, **own, "msg": "answered"})
        worker.append({"time": at + 30 + skew_ms, **job, "msg": "row read"})
        worker.append({"time": at + 60 + skew_ms, **job, "msg": "row written"})
    return {"web": web, "worker": worker}


def test_both_sides_of_a_queue(tmp_path: Path) -> None:
    found, joined = read_back(tmp_path, **queue())
    candidates = one_orders(found, joined).candidates
    pairs = named(found, candidates)
    assert ("committed", "row read") in pairs, "the job may begin before the commit"
    assert ("committed", "row written") in pairs and ("row read", "answered") in pairs
    assert not any("answered" in pair and "row written" in pair for pair in pairs), "both orders"
    assert not any({"accepted", "queued"} & {*pair} for pair in pairs), "those come first"
    assert all(one.handed_over for one in candidates)


def test_what_the_clocks_do_not_tell_is_left_out(tmp_path: Path) -> None:
    found, joined = read_back(tmp_path, **queue(skew_ms=-500))
    believed = named(found, one_orders(found, joined).candidates)
    assert ("row read", "committed") in believed, "the clock of the worker is late"
    told = one_orders(found, joined, known=clocks(found, joined)).candidates
    assert ("row read", "committed") not in named(found, told)


def test_nothing_in_common_gives_nothing(tmp_path: Path) -> None:
    lines = [{"time": BEGIN_MS + at, "reqId": f"r{at}", "msg": m}
             for at in range(20) for m in ("in", "out")]  # fmt: skip
    found, joined = read_back(tmp_path, web=lines)
    assert one_orders(found, joined).candidates == ()
