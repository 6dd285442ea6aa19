"""Lines of compiled scripts, and those that they were written in."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from redhanded.case.evidence import Location
from redhanded.source.source_maps import written_at

COMPILED = Location(path="dist/src/store.js", line=3, function="add")


def built(root: Path, **fields: object) -> None:
    """Three generated lines: of lines 1, 2 and 20 of the source, the last by its first segment."""
    known = {"version": 3, "sources": ["../../src/store.ts"], "mappings": "AAAA;AACA;AAkBE,IAEA"}
    (root / "dist/src").mkdir(parents=True)
    (root / "src").mkdir()
    (root / "src/store.ts").write_text("\n" * 30)
    (root / "dist/src/store.js.map").write_text(json.dumps(known | fields))


def test_a_line_is_found_by_the_map_beside_the_script(tmp_path: Path) -> None:
    built(tmp_path)
    assert written_at(tmp_path, COMPILED) == Location(path="src/store.ts", line=20, function="add")


@pytest.mark.parametrize(
    "fields",
    [
        {"mappings": "AAAA"},
        {"mappings": "not a map !"},
        {"sources": []},
        {"sources": ["../../gone.ts"]},
        {"sources": ["../../../elsewhere.ts"]},
        {"mappings": None},
    ],
)
def test_what_no_map_tells_of_stays(tmp_path: Path, fields: dict[str, object]) -> None:
    built(tmp_path, **fields)
    assert written_at(tmp_path, COMPILED) == COMPILED


def test_without_a_map_and_for_sources_the_line_stays(tmp_path: Path) -> None:
    assert written_at(tmp_path, COMPILED) == COMPILED
    plain = Location(path="src/store.ts", line=3)
    assert written_at(tmp_path, plain) == plain
