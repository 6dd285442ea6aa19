"""What was read once is not read again, and what is kept is never wrong."""

from __future__ import annotations

import gzip
import os
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from index_logs import lines, write

from redhanded.hunt import observe
from redhanded.logs import read as reading
from redhanded.logs.files import LogFile, log_files
from redhanded.logs.index import building
from redhanded.logs.index.building import Index, index, read_file
from redhanded.logs.index.identity import identity
from redhanded.logs.index.keeping import VERSION, save
from redhanded.logs.index.merging import merged
from redhanded.logs.index.ranges import records_at
from redhanded.logs.index.rows import COLUMN_NAMES, IndexedFile
from redhanded.logs.index.searching import search_in
from redhanded.logs.index.tables import profile_of, timeline_of
from redhanded.logs.inputs import inputs
from redhanded.logs.search import search


def asked(folder: Path, *paths: Path) -> Index:
    return index(log_files(paths)[0], folder, kept_from_bytes=0)


def same(one: IndexedFile, other: IndexedFile) -> bool:
    return one.facts == other.facts and all(
        np.array_equal(
            getattr(one.columns, name), getattr(other.columns, name), equal_nan=name.endswith("_ms")
        )
        for name in COLUMN_NAMES
    )


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return write(tmp_path / "ferry.log", 900)


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Names of the files that are read from their begin to their end."""
    seen: list[str] = []

    def noted(file: LogFile, say: object = None) -> IndexedFile:
        seen.append(f"{file.name} {file.size}")
        return read_file(file)

    monkeypatch.setattr(building, "read_file", noted)
    return seen


def test_the_second_question_reads_nothing(tmp_path: Path, log: Path, reads: list[str]) -> None:
    first = asked(tmp_path / "index", log)
    second = asked(tmp_path / "index", log)
    assert len(reads) == 1
    assert (first.kept, second.kept) == (0, 1)
    assert same(first.parts[0], second.parts[0])


def test_answers_from_the_index_are_those_of_reading(
    tmp_path: Path, log: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(observe, "index", partial(index, kept_from_bytes=0))
    answers = []
    for _ in range(2):
        given = inputs([log])
        answer = observe.examine(
            given, "gate stuck", root=None, redact=True, say=lambda sentence: None,
            folder=tmp_path / "index",
        )  # fmt: skip
        answers.append(answer)
    assert answers[0].symptom == answers[1].symptom
    assert answers[0].symptom is not None
    assert answers[0].symptom.lines == 23
    assert [answer.files_from_index for answer in answers] == [0, 1]


@pytest.mark.parametrize("text", ["gate stuck", "BERTH is taken", "gate.js:14", "rq-000012", "{}"])
@pytest.mark.parametrize("packed", [False, True])
def test_a_search_finds_what_reading_everything_finds(
    tmp_path: Path, log: Path, text: str, packed: bool
) -> None:
    if packed:
        log = tmp_path / "ferry.log.gz"
        log.write_bytes(gzip.compress("".join(f"{one}\n" for one in lines(900)).encode()))
    files = log_files([log])[0]
    for known in (asked(tmp_path / "index", log), asked(tmp_path / "index", log)):
        found, expected = search_in(known, text), search(files, text)
        assert found.matches == expected.matches
        assert found.profile == expected.profile
        assert found.activity.bins()[0] == expected.activity.bins()[0]


def test_a_timeline_has_every_entry_with_an_identifier(tmp_path: Path, log: Path) -> None:
    known = asked(tmp_path / "index", log)
    keys = tuple(profile_of(known).fields)
    found = timeline_of(known, keys)
    entries = [line for line in lines(900) if line.startswith("{")]
    assert len(found.line) == len(entries)
    assert (np.diff(found.line) > 0).all()


def test_entries_are_read_alone_as_in_their_file(log: Path) -> None:
    file = log_files([log])[0][0]
    part = read_file(file)
    everything = list(reading.read([file]))
    rows = [0, 17, 18, 57, 400, len(everything) - 1]
    assert records_at(file, part, rows) == [everything[row] for row in rows]


def test_a_log_that_grew_costs_only_what_is_new(
    tmp_path: Path, log: Path, reads: list[str]
) -> None:
    asked(tmp_path / "index", log)
    with log.open("a") as stream:
        stream.write("    at late (/srv/ferry/late.js:1:1)\n")
        stream.writelines(f"{line}\n" for line in lines(300, first=900))
    known = asked(tmp_path / "index", log)
    whole, new = (int(read.split()[-1]) for read in reads)
    assert new < whole / 2
    fresh = read_file(log_files([log])[0][0])
    assert same(known.parts[0], fresh)
    assert asked(tmp_path / "index", log).kept == 1


def rotated(log: Path) -> None:
    """Another log of the same size under the same name."""
    text = log.read_text().replace("berth", "quay!")
    log.write_text(text)


def in_place(log: Path) -> None:
    """Bytes in the middle changed, and the times of the file put back."""
    facts = log.stat()
    with log.open("r+b") as stream:
        stream.write(log.read_bytes()[:10_000].replace(b"booked", b"lost!!"))
    os.utime(log, ns=(facts.st_atime_ns, facts.st_mtime_ns))


def shrunk(log: Path) -> None:
    log.write_text("".join(f"{line}\n" for line in lines(100)))


@pytest.mark.parametrize("change", [rotated, in_place, shrunk])
def test_a_changed_log_is_read_again(
    tmp_path: Path, log: Path, reads: list[str], change: object
) -> None:
    asked(tmp_path / "index", log)
    change(log)  # type: ignore[operator]
    known = asked(tmp_path / "index", log)
    assert len(reads) == 2
    assert same(known.parts[0], read_file(log_files([log])[0][0]))


@pytest.mark.parametrize("damage", ["cut", "gone", "noise", "older"])
def test_a_damaged_index_is_no_index(
    tmp_path: Path, log: Path, reads: list[str], damage: str
) -> None:
    asked(tmp_path / "index", log)
    home = next(path for path in (tmp_path / "index").iterdir() if path.is_dir())
    column, facts = home / "at_ms.npy", home / "facts.json"
    if damage == "cut":
        column.write_bytes(column.read_bytes()[:-200])
    elif damage == "gone":
        column.unlink()
    elif damage == "noise":
        facts.write_bytes(os.urandom(300))
    else:
        facts.write_text(facts.read_text().replace(f'"version":{VERSION}', '"version":0'))
    known = asked(tmp_path / "index", log)
    assert len(reads) == 2
    assert same(known.parts[0], read_file(log_files([log])[0][0]))
    assert asked(tmp_path / "index", log).kept == 1


def test_a_crash_while_writing_leaves_no_index_behind(tmp_path: Path, log: Path) -> None:
    folder = tmp_path / "index"
    draft = folder / ".part-left"
    draft.mkdir(parents=True)
    (draft / "at_ms.npy").write_bytes(b"half")
    os.utime(draft, (0, 0))
    assert asked(folder, log).kept == 0
    assert not draft.exists()
    assert asked(folder, log).kept == 1


def test_no_more_is_kept_than_there_is_room_for(tmp_path: Path) -> None:
    folder = tmp_path / "index"
    logs = [write(tmp_path / f"{number}.log", 300) for number in range(4)]
    for each in logs[:3]:
        asked(folder, each)
    homes = [home for home in folder.iterdir() if home.is_dir()]
    sizes = [sum(file.stat().st_size for file in home.iterdir()) for home in homes]
    file = log_files([logs[3]])[0][0]
    assert save(folder, identity(file), read_file(file), bytes_max=int(2.5 * max(sizes))) == ()
    kept = [asked(folder, each).kept for each in reversed(logs)]
    assert kept[0] == 1
    assert sum(kept) == 2
    told = save(folder, identity(file), read_file(file), bytes_max=1000)
    assert "reads the log again" in told[0]


def test_where_nothing_can_be_written_the_answer_is_the_same(tmp_path: Path, log: Path) -> None:
    blocked = tmp_path / "blocked"
    blocked.write_text("a file where a folder should be")
    known = asked(blocked / "index", log)
    assert len(known.parts[0].columns) == 900
    assert "cannot be kept" in known.limits[0]


def test_nothing_secret_is_kept(tmp_path: Path) -> None:
    log = tmp_path / "a.log"
    log.write_text(
        '{"level":50,"time":1760000000000,"msg":"login password=hunter2 of ann@x.example"}\n'
    )
    asked(tmp_path / "index", log)
    for path in (tmp_path / "index").rglob("*"):
        if path.is_file():
            assert b"hunter2" not in path.read_bytes()
            assert b"ann@x" not in path.read_bytes()


def test_parts_make_the_same_whole_whatever_their_number(tmp_path: Path) -> None:
    texts = [lines(150, first=150 * number) for number in range(4)]
    paths = []
    for number, text in enumerate(texts):
        paths.append(tmp_path / f"{number}.log")
        paths[-1].write_text("".join(f"{line}\n" for line in text))
    parts = [read_file(file) for file in log_files(paths)[0]]
    once = merged(parts)
    nested = merged([merged(parts[:2]), merged(parts[2:])])
    assert same(once, nested)
    assert sum(once.facts.templates.counts) == once.facts.records == 600


def test_words_are_found_that_colours_part(tmp_path: Path) -> None:
    log = tmp_path / "colours.log"
    log.write_text("2025-10-09T08:00:00Z \x1b[31mERROR \x1b[0mgate \x1b]0;title\x07stuck\n" * 3)
    assert len(search_in(index(log_files([log])[0], None), "error gate stuck").matches) == 3
