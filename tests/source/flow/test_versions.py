"""Versions of libraries, from manifests and lock files."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from redhanded.source.flow.versions import is_before, versions_of


def test_a_range_is_its_lowest_and_a_lock_file_knows_better(tmp_path: Path) -> None:
    manifest = {"dependencies": {"pg": "^8.7.1", "koa": "~2.14", "mine": "workspace:*"}}
    (tmp_path / "package.json").write_text(json.dumps(manifest))
    assert versions_of(tmp_path) == {"pg": "8.7.1", "koa": "2.14"}
    packages = {
        "": {"version": "1.0.0"},
        "node_modules/pg": {"version": "8.11.3"},
        "node_modules/koa/node_modules/pg": {"version": "7.0.0"},
    }
    (tmp_path / "package-lock.json").write_text(json.dumps({"packages": packages}))
    assert versions_of(tmp_path)["pg"] == "8.11.3"


def test_python(tmp_path: Path) -> None:
    (tmp_path / "requirements-dev.txt").write_text("pytest==8.1\n# x==1\ndjango[argon2]==4.2.1\n")
    (tmp_path / "uv.lock").write_text('[[package]]\nname = "rq"\nversion = "1.9.0"\n')
    assert versions_of(tmp_path) == {"pytest": "8.1", "django": "4.2.1", "rq": "1.9.0"}


def test_what_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "package.json").write_text("{")
    assert versions_of(tmp_path) == {}
    (tmp_path / "package.json").write_text("[]")
    assert versions_of(tmp_path) == {}


@pytest.mark.parametrize(
    ("version", "other", "older"),
    [("6.7.0", "6.8.0", True), ("6.10.0", "6.8.0", False), ("v5", "6.8", True)],
)
def test_order(version: str, other: str, older: bool) -> None:
    assert is_before(version, other) is older
