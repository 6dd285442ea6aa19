from __future__ import annotations

from pathlib import Path

from redhanded.case.evidence import Location
from redhanded.logs.stacks import application_frames, deepest, exists_below

V8 = """UniqueError: no
    at Query.run (/srv/app/node_modules/orm/query.js:50:25)
    at async Parcel.create (/srv/app/node_modules/orm/model.js:1:2)
    at async ParcelService.ship (/srv/app/src/services/parcels.js:38:19)
    at async file:///srv/app/src/jobs/ship.mjs:12:3
    at process.processTicksAndRejections (node:internal/process/task_queues:95:5)"""
CPYTHON = """Traceback (most recent call last):
  File "/srv/app/worker.py", line 10, in run
    ship(job)
  File "/srv/app/parcels/store.py", line 20, in ship
    insert()
  File "/usr/lib/python3.11/site-packages/psycopg/cursor.py", line 97, in execute
psycopg.errors.UniqueViolation: no"""


def test_v8_frames_of_the_application_innermost_first(tmp_path: Path) -> None:
    (tmp_path / "src/services").mkdir(parents=True)
    (tmp_path / "src/services/parcels.js").touch()
    assert application_frames(V8, exists_below(tmp_path)) == (
        Location(path="src/services/parcels.js", line=38, function="ParcelService.ship"),
        Location(path="/srv/app/src/jobs/ship.mjs", line=12),
    )


def test_the_longest_suffix_that_exists_wins(tmp_path: Path) -> None:
    for name in ("store.py", "parcels/store.py"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    frames = application_frames(CPYTHON, exists_below(tmp_path))
    assert [str(frame) for frame in frames] == ["parcels/store.py:20", "/srv/app/worker.py:10"]
    assert frames[0].function == "ship"


def test_without_a_root_paths_stay() -> None:
    assert application_frames(V8, exists_below(None))[0].path == "/srv/app/src/services/parcels.js"


def test_the_stack_that_reaches_the_application_is_taken() -> None:
    driver = "error: no\n    at parse (/srv/app/node_modules/pg/parser.js:306:11)"
    assert len(deepest([driver, V8], exists_below(None))) == 2
    assert deepest([driver], exists_below(None)) == ()
