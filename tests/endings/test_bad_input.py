"""Input that cannot be used: one sentence, exit code 2, nothing written, nothing left running."""

from __future__ import annotations

import gzip
import json
import os
import socket
from collections.abc import Callable
from pathlib import Path

import pytest
from command_line import CommandLine, Ended
from systems import LOG, SYMPTOM, configure, lay_out


def refused(ended: Ended, *says: str) -> str:
    """The sentence of a command that ended with 2."""
    assert ended.code == 2, ended.err
    assert "Traceback" not in ended.out + ended.err
    sentence = ended.err[ended.err.index("redhanded: ") :]
    assert sentence.count("\n") == 1
    for words in says:
        assert words in sentence
    return sentence


def missing(path: Path) -> None:
    pass


def empty(path: Path) -> None:
    path.touch()


def binary(path: Path) -> None:
    path.write_bytes(b"\x7fELF" + bytes(range(256)) * 40)


def truncated(path: Path) -> None:
    whole = gzip.compress(os.urandom(100_000).hex().encode())
    path.write_bytes(whole[: len(whole) // 2])


def one_line_of_a_gigabyte(path: Path) -> None:
    with path.open("wb") as file:
        file.write(b"x" * (20 << 20))
        file.truncate(1 << 30)


def without_it(path: Path) -> None:
    path.write_text(LOG.replace(SYMPTOM, "sold to two people"))


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (missing, "no log"),
        (empty, "is empty"),
        (binary, "is binary"),
        (truncated, "truncated gzip"),
        (one_line_of_a_gigabyte, "over 16 MiB"),
        (without_it, "that do occur, nearest first: 1 × ERROR request_id=<*> seat"),
    ],
)
def test_a_log_that_says_nothing(
    line: CommandLine, make: Callable[[Path], None], says: str
) -> None:
    lay_out(line.target)
    log = line.target.parent / "given.log"
    make(log)
    ended = line.hunt("--yes", "--logs", log)
    refused(ended, says)
    assert not (line.target / ".redhanded").exists()


def test_bytes_that_are_not_utf_8_are_read_counted_and_shown(line: CommandLine) -> None:
    lay_out(line.target)
    log = line.target / "app.log"
    log.write_bytes(b"2025-01-02 09:00:00 INFO caf\xe9 open\n" + LOG.encode())
    (line.target / "redhanded.toml").unlink()
    ended = line.hunt("--yes", "--logs", log, "--symptom", SYMPTOM, "--format", "json")
    assert ended.code == 4
    found = json.loads(ended.out)["symptom"]
    assert found["lines"] == 1
    assert any("1 line with bytes that are not UTF-8" in limit for limit in found["limits"])
    assert "1 line with bytes that are not UTF-8" in ended.err.replace("\n  ", " ")


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"comand_process": '"node server.js"'}, ("comand", "did you mean 'command'?")),
        ({"url": '"redis://cache.example.com:6379"'}, ("cache.example.com", "--allow-remote")),
        ({"json": '"event.json"'}, ("event.json is not JSON: line 1",)),
    ],
)
def test_a_contract_that_cannot_be_used(
    line: CommandLine, changes: dict[str, str], says: tuple[str, ...]
) -> None:
    lay_out(line.target, **changes)
    (line.target / "event.json").write_text('{"seat": }')
    sentence = refused(line.hunt("--yes", "--logs", line.target / "app.log"), *says)
    assert "redhanded.toml:" in sentence
    assert not (line.target / ".redhanded").exists()


@pytest.mark.parametrize("kind", ["redis", "postgres"])
def test_a_service_by_url_at_which_nobody_listens(line: CommandLine, kind: str) -> None:
    with socket.socket() as bound:
        # Bound and not listening: nobody else can take the port meanwhile.
        bound.bind(("127.0.0.1", 0))
        url = f'"{kind}://me:secret@127.0.0.1:{bound.getsockname()[1]}/0"'
        lay_out(line.target, kind=f'"{kind}"', url=url)
        ended = line.hunt("--yes", "--logs", line.target / "app.log")
    sentence = refused(ended, "`seats` does not answer", url.split(":")[-1].strip('"'))
    assert "secret" not in sentence


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"env": '{ PORT = "4100" }', "replicas_process": "2"}, ("in use", "4100", "{port}")),
        ({"request": '"POST /call"'}, ("192.0.2.7:80", "was not reached", "[stubs.NAME]")),
        ({"request": '"POST /never"'}, ("not answered", "`request`")),
        ({"request": '"POST /sets"'}, ("POST /sets", "answered 404", "expect = 404")),
    ],
)
def test_a_workload_or_process_that_cannot_be_used_and_is_corrected(
    line: CommandLine, changes: dict[str, str], says: tuple[str, ...]
) -> None:
    lay_out(line.target)
    if "env" in changes:
        contract = (line.target / "redhanded.toml").read_text()
        contract = contract.replace('{port}" }\nready', '4100" }\nreplicas = 2\nready')
        contract = contract.replace("127.0.0.1:{port}", "127.0.0.1:4100")
        (line.target / "redhanded.toml").write_text(contract)
    else:
        configure(line.target, **changes)
    refused(line.hunt("--yes", "--logs", line.target / "app.log"), *says)
    configure(line.target)
    ended = line.hunt("--yes", "--resume", "--format", "json")
    assert ended.code == 1, ended.err
    case = json.loads(ended.out)
    assert case["outcome"] == "CONFIRMED"
    assert case["finished"][:4] == ["observe", "explore", "suspect", "reproduce"]


def test_a_process_that_listens_elsewhere(line: CommandLine) -> None:
    lay_out(line.target)
    contract = (line.target / "redhanded.toml").read_text().replace('PORT = "{port}"', "PORT = '1'")
    contract = "\n".join(each for each in contract.splitlines() if not each.startswith("ready"))
    (line.target / "redhanded.toml").write_text(contract.replace("'1'", '"4101"'))
    refused(line.hunt("--yes", "--logs", line.target / "app.log"), "does not listen at the port")


def test_what_cannot_be_done_yet_is_refused(line: CommandLine) -> None:
    lay_out(line.target)
    refused(line.hunt("--yes", "--allow-egress", "example.com"), "--allow-egress", "[stubs.NAME]")
