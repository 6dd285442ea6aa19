from __future__ import annotations

import pytest

from redhanded.logs.http_requests import duration_ms, path_template, route_of
from redhanded.logs.record import Entry, Record, Scalar


def _record(fields: dict[str, Scalar], message: str = "") -> Record:
    entry = Entry(fields=fields, message=message)
    return Record(path="a.log", line=1, offset=0, text="", source="a.log", entry=entry)


@pytest.mark.parametrize(
    ("fields", "message", "route"),
    [
        ({"req.method": "POST", "req.url": "/parcels/P-17/ship?x=1"}, "", "POST /parcels/:id/ship"),
        ({"method": "get", "path": "/v2/parcels"}, "", "GET /v2/parcels"),
        ({"http.request.method": "PUT", "url.path": "/a/"}, "", "PUT /a"),
        ({}, '10.0.0.1 "DELETE /parcels/9 HTTP/1.1" 204', "DELETE /parcels/:id"),
        ({"method": "createParcel", "path": "/x"}, "rpc", None),
        ({}, "POST office closed", None),
    ],
)
def test_route(fields: dict[str, Scalar], message: str, route: str | None) -> None:
    assert route_of(_record(fields, message)) == route


def test_path_template_of_an_absolute_address() -> None:
    assert path_template("https://api.example.com/users/jo@example.com") == "/users/:id"


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"durationMs": 12}, 12),
        ({"responseTime": 3.5}, 3.5),
        ({"duration_s": 2}, 2000),
        ({"elapsed_us": 1500}, 1.5),
        ({"duration": True}, None),
        ({"length": 3}, None),
    ],
)
def test_duration(fields: dict[str, Scalar], expected: float | None) -> None:
    assert duration_ms(fields) == expected
