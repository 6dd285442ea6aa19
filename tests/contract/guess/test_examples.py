"""Requests that a README shows."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from redhanded.contract.guess.examples import example_bodies, made_unique

README = """
    curl -X POST localhost:3000/v1/visits -H 'content-type: application/json' \\
      -d '{"badge": "B-7781", "gate": "north", "at": "2025-01-02T10:00:00Z"}'
    curl localhost:3000/v1/visits/B-7781
    curl --json "{\\"serial\\": \\"X100\\"}" https://api.example.org/v1/meters/?dry=1
    curl "$BASE_URL/v1/names" --data-raw '{"name": "Ada", "size": 2}'
    curl -d 'a=b' :8080/form
"""


def test_bodies_are_found_by_their_path(tmp_path: Path) -> None:
    (tmp_path / "README.md").write_text(README)
    assert example_bodies(tmp_path) == {
        "/v1/visits": {"badge": "B-{unique}", "gate": "north", "at": "2025-01-02T10:00:00Z"},
        "/v1/meters": {"serial": "X{unique}"},
        "/v1/names": {"name": "Ada-{unique}", "size": 2},
    }


@pytest.mark.parametrize(
    ("body", "sent"),
    [
        ({"a": {"b": ["C-100", 7]}}, {"a": {"b": ["C-{unique}", 7]}}),
        ({"email": "ada@example.org"}, {"email": "ada-{unique}@example.org"}),
        ({"gate": "north"}, {"gate": "north"}),
        (
            {"id": "6f1c2d3e-0000-4000-8000-000000000001"},
            {"id": "6f1c2d3e-0000-4000-8000-000000000001"},
        ),
    ],
)
def test_what_names_one_thing_becomes_unique(body: dict[str, Any], sent: dict[str, Any]) -> None:
    assert made_unique(body) == sent
