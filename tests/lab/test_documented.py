"""The examples of ``docs/lab.md``, run as they stand there; schedules in files."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import jsonschema
import pytest

from redhanded.actions.reading import schema
from redhanded.case.errors import InputError
from redhanded.case.operation import Mark, OperationName
from redhanded.case.schedule import SCHEDULE_VERSION, Constraint, Event, Schedule
from redhanded.lab import load_schedule, save_schedule
from redhanded.lab.faults import FAULTS

PROJECT = Path(__file__).parents[2]
BLOCK = re.compile(r"^```python\n(.*?)^```$", re.DOTALL | re.MULTILINE)


def test_the_documented_examples_pass(tmp_path: Path) -> None:
    example = tmp_path / "example"
    lay_out = PROJECT / "examples" / "orders" / "scripts" / "lay-out.py"
    subprocess.run([sys.executable, str(lay_out), str(example)], check=True, capture_output=True)
    blocks = BLOCK.findall((PROJECT / "docs" / "lab.md").read_text(encoding="utf-8"))
    assert len(blocks) == 5
    file = tmp_path / "test_documented_examples.py"
    file.write_text("\n\n".join(blocks), encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-c", os.devnull, file],
        cwd=example,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "4 passed" in done.stdout


def name(kind: str) -> OperationName:
    return OperationName(
        task="delivery 1",
        role="web",
        protocol="postgres",
        kind=kind,
        target="pages",
        access="read",
        occurrence=1,
    )


def test_a_schedule_comes_back_from_its_file(tmp_path: Path) -> None:
    schedule = Schedule(
        constraints=(Constraint(before=name("SELECT"), after=name("UPDATE")),), deliveries=2
    )
    save_schedule(schedule, tmp_path / "it.json")
    assert load_schedule(tmp_path / "it.json") == schedule


EVENTS = (
    Event(kind="writes lost", at=name("SET"), count=2),
    Event(kind="lease ended", at=name("SELECT"), service="cache", target="lock:*"),
    Event(kind="overlap", at=name("INSERT"), other=name("UPDATE"), service="db"),
)


def test_the_events_of_a_schedule_come_back_too(tmp_path: Path) -> None:
    schedule = Schedule(events=EVENTS, deliveries=2)
    save_schedule(schedule, tmp_path / "it.json")
    assert load_schedule(tmp_path / "it.json") == schedule
    document = json.loads((tmp_path / "it.json").read_text(encoding="utf-8"))
    jsonschema.validate(document, schema("schedule"))
    assert document["events"][0]["kind"] == "writes lost"


def test_the_schema_names_every_kind_of_event_and_no_other(tmp_path: Path) -> None:
    save_schedule(Schedule(events=EVENTS), tmp_path / "it.json")
    document = json.loads((tmp_path / "it.json").read_text(encoding="utf-8"))
    for fault in FAULTS:
        document["events"][0]["kind"] = fault.kind
        jsonschema.validate(document, schema("schedule"))
    document["events"][0]["kind"] = "cosmic ray"
    with pytest.raises(jsonschema.ValidationError, match="cosmic ray"):
        jsonschema.validate(document, schema("schedule"))


def test_what_tells_its_operations_apart_on_edited_code_is_saved_too(tmp_path: Path) -> None:
    mark = Mark(statement="SELECT views FROM pages", repetition=2, repetitions=3, cause="web POST")
    look = replace(name("SELECT"), mark=mark)
    save_schedule(
        Schedule(constraints=(Constraint(before=look, after=name("UPDATE")),), version=1),
        tmp_path / "it.json",
    )
    loaded = load_schedule(tmp_path / "it.json")
    assert loaded.version == SCHEDULE_VERSION
    assert [each.mark for each in loaded.names()] == [mark, None]


def test_a_schedule_of_the_first_version_is_read(tmp_path: Path) -> None:
    path = tmp_path / "it.json"
    look, update = (
        f'{{"task": "delivery 1", "role": "web", "protocol": "postgres", "kind": "{kind}", '
        '"target": "pages", "access": "read", "occurrence": 1}'
        for kind in ("SELECT", "UPDATE")
    )
    constraints = f'[{{"before": {look}, "after": {update}}}]'
    path.write_text(
        f'{{"constraints": {constraints}, "deliveries": 2, "values": [], "version": 1}}',
        encoding="utf-8",
    )
    loaded = load_schedule(path)
    assert loaded.version == 1 and loaded.events == ()
    assert loaded.names() == (name("SELECT"), name("UPDATE"))
    assert {each.mark for each in loaded.names()} == {None}


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("{", "is not a schedule"),
        ('{"constraints": 3}', "is not a schedule"),
        ('{"version": 99}', "version 99"),
        ('{"events": [{"kind": "cosmic ray"}]}', "is not a schedule"),
        (None, "cannot be read"),
    ],
)
def test_what_is_no_schedule_is_refused(tmp_path: Path, content: str | None, said: str) -> None:
    path = tmp_path / "it.json"
    if content is not None:
        path.write_text(content, encoding="utf-8")
    with pytest.raises(InputError, match=said):
        load_schedule(path)
