"""The part of YAML that compose files and lists of workspaces are written in."""

from __future__ import annotations

import pytest

from redhanded.contract.guess.yaml_reading import read_yaml

COMPOSE = """\
version: "3"   # old
x-app: &app
  build: .
  environment: &settings
    DB_HOST: db
    DB_PORT: 5432
services:
  web:
    <<: *app
    command: ["node", "a, b.js"]
    environment:
      <<: *settings
      PORT: 8080
    ports:
    - "8080:80"
    healthcheck: { test: [CMD, curl], interval: 10s }
  worker:
    <<: [*app]
    command: >
      sh -c "one &&
      two"
    labels:
      - a=b
      - url: http://c:1/d#e
        other: 'it is # text'
volumes:
  data:
"""


def test_a_compose_file_is_read_with_its_anchors() -> None:
    document = read_yaml(COMPOSE)
    web, worker = document["services"]["web"], document["services"]["worker"]
    assert web["build"] == worker["build"] == "."
    assert web["environment"] == {"DB_HOST": "db", "DB_PORT": "5432", "PORT": "8080"}
    assert worker["environment"] == {"DB_HOST": "db", "DB_PORT": "5432"}
    assert web["command"] == ["node", "a, b.js"]
    assert web["ports"] == ["8080:80"]
    assert web["healthcheck"] == {"test": ["CMD", "curl"], "interval": "10s"}
    assert worker["command"] == 'sh -c "one && two"'
    assert worker["labels"] == ["a=b", {"url": "http://c:1/d#e", "other": "it is # text"}]
    assert document["volumes"] == {"data": None}
    assert document["version"] == "3"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", None),
        ("# nothing\n", None),
        (
            "packages:\n  - 'apps/*'\n  - \"!apps/old\" # no\n",
            {"packages": ["apps/*", "!apps/old"]},
        ),
        ("a: |\n  one\n  two\nb: 1\n", {"a": "one\ntwo", "b": "1"}),
        ("a: [x,\n  y]\nb: z\n", {"a": ["x", "y"], "b": "z"}),
        ("a: 1\n---\nb: 2\n", {"a": "1"}),
    ],
)
def test_small_documents(text: str, found: object) -> None:
    assert read_yaml(text) == found


@pytest.mark.parametrize(
    "text", ["a: [", "- - -", "{", ": :", "a:\n\t- b\n  c", "*x", "? k\n: v", "a: 'b", "&", "-"]
)
def test_what_is_not_understood_is_passed_over(text: str) -> None:
    read_yaml(text)
