"""A stub answers from recorded routes, and says what it has no record of."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from redhanded.case.errors import InputError
from redhanded.lab.stub import RecordedRoute, read_routes, respond
from redhanded.lab.wire.unit import HttpRequest

ROUTES = (
    RecordedRoute(method="GET", path="/rates/latest", json={"eur": 1.1}, delay_ms=40.0),
    RecordedRoute(method="GET", path="/rates/:day", json={"day": "{path.day}"}),
    RecordedRoute(
        method="POST",
        path="/mails",
        status=201,
        body="sent",
        headers={"Content-Type": "text/plain"},
    ),
)


def ask(method: str, target: str) -> tuple[int, dict[str, str], str, float]:
    """Status, headers (names in lower case), body and delay."""
    request = HttpRequest(method=method, target=target, headers=(), body=b"")
    answer = respond(ROUTES, request)
    head, _, body = answer.data.decode().partition("\r\n\r\n")
    status, *lines = head.split("\r\n")
    headers = {line.partition(": ")[0].lower(): line.partition(": ")[2] for line in lines}
    return int(status.split()[1]), headers, body, answer.delay_ms


def test_the_first_route_that_matches_answers() -> None:
    status, headers, body, delay = ask("GET", "/rates/latest?base=usd")
    assert (status, json.loads(body), delay) == (200, {"eur": 1.1}, 40.0)
    assert headers["content-type"] == "application/json"
    assert int(headers["content-length"]) == len(body)


def test_segments_of_the_path_fill_the_answer() -> None:
    assert json.loads(ask("GET", "/rates/2026-01-01")[2]) == {"day": "2026-01-01"}


@pytest.mark.parametrize(
    ("method", "target"),
    [("POST", "/rates/latest"), ("GET", "/rates/2026/01"), ("GET", "/ratesXlatest"), ("GET", "/")],
)
def test_what_was_not_recorded_is_named(method: str, target: str) -> None:
    status, _, body, _ = ask(method, target)
    assert status == 404
    assert re.search(rf"no recorded route for {method} {target}$", json.loads(body)["error"])


def test_status_headers_and_text_are_as_recorded() -> None:
    status, headers, body, _ = ask("post", "/mails")
    assert (status, headers["content-type"], body) == (201, "text/plain", "sent")


def test_the_length_counts_bytes() -> None:
    routes = (RecordedRoute(method="GET", path="/", body="é"),)
    answer = respond(routes, HttpRequest(method="GET", target="/", headers=(), body=b""))
    assert b"content-length: 2\r\n" in answer.data


def test_a_file_gives_its_routes(tmp_path: Path) -> None:
    path = tmp_path / "routes.json"
    path.write_text('{"routes": [{"method": "GET", "path": "/x", "json": [1]}]}')
    (route,) = read_routes(path)
    assert (route.path, route.status, route.json) == ("/x", 200, [1])


@pytest.mark.parametrize("content", ["{", "[]", '{"routes": [{"path": "/x"}]}', '{"rutes": []}'])
def test_a_file_that_is_wrong_is_named(tmp_path: Path, content: Any) -> None:
    path = tmp_path / "routes.json"
    path.write_text(content)
    with pytest.raises(InputError, match=re.escape(str(path))):
        read_routes(path)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"routes\.json cannot be read"):
        read_routes(tmp_path / "routes.json")
