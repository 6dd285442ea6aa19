"""A saved schedule on edited code: a Python system that writes in transactions."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from edits import (
    Edit,
    Original,
    find_and_save,
    follow_on,
    in_order,
    laid_over,
    renaming,
    rewrite,
)
from small_systems import desk, lay_out

from redhanded.case.schedule import Schedule
from redhanded.case.system import System
from redhanded.lab import open_lab

LOOK = '            taken = connection.execute("SELECT 1'
PUSH = '            queue.lpush("bookings", json.dumps({"room": room}))'
WRITE = 'connection.execute("INSERT INTO bookings VALUES (%s)", (json.loads(text)["room"],))'
BEGIN = "with connection.transaction():"
BOOKINGS = "bookings"


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Original]:
    """The second delivery looks before the first one's clerk has committed."""
    folder = tmp_path_factory.mktemp("original")
    root = lay_out("desk", folder)
    system = desk(root)
    books, queue = system.services
    # The clerks wait at the queue while another lab is opened, longer than the client would.
    queue = replace(queue, env={"QUEUE_URL": "{url}?socket_timeout=600"})
    notes = "CREATE TABLE notes (note text)"
    setup = (*system.setup_sql, notes)
    system = replace(system, services=(books, queue), setup_sql=setup)
    with open_lab(system, folder=folder / "lab") as lab:
        serial = lab.serial()
        look = (serial, "delivery 2", "SELECT", "bookings")
        commit = (serial, "delivery 1", "COMMIT", "bookings")
        failing = lab.follow(Schedule(constraints=in_order(look, commit), deliveries=2))
        again = (failing, "delivery 2", "INSERT", "bookings")
        schedule = Schedule(constraints=in_order(look, commit, again), deliveries=2)
        find_and_save(lab, folder, {BOOKINGS: schedule})
        yield Original(lab, root, folder)


def renamed(root: Path) -> None:
    words = {"connection": "books", "queue": "line", "taken": "occupied"}
    renaming(words, "desk.py", "clerk.py")(root)
    (root / "office").mkdir()
    (root / "desk.py").rename(root / "office" / "front.py")
    (root / "clerk.py").rename(root / "office" / "writer.py")


def renamed_processes(system: System) -> System:
    front, clerk = system.processes
    front = replace(front, command=front.command.replace("desk.py", "office/front.py"))
    writer = clerk.command.replace("clerk.py", "office/writer.py")
    return replace(system, processes=(replace(clerk, command=writer, replicas=3), front))


def extended(root: Path) -> None:
    """Queries on the same table and on another one, a transaction of its own before, another
    table in the same transaction, and keys that nobody set."""
    before = "            connection.execute('SELECT count(*) FROM bookings').fetchone()\n"
    between = "            queue.get('closed')\n"
    rewrite(root, "desk.py", (LOOK, before + LOOK), (PUSH, between + PUSH))
    rewrite(
        root,
        "clerk.py",
        ("        " + BEGIN, f"        {STRIKE_OUT}\n        {BEGIN}"),
        (WRITE, f"{NOTE}\n            {WRITE}\n            {NOTE}"),
    )


STRIKE_OUT = """with connection.transaction():
            connection.execute("DELETE FROM bookings WHERE room = 'none'")
            connection.execute("INSERT INTO bookings SELECT 'any' WHERE false")"""
NOTE = "connection.execute(\"INSERT INTO notes VALUES ('written')\")"


def without_transaction(root: Path) -> None:
    rewrite(
        root,
        "clerk.py",
        ('(os.environ["DATABASE_URL"])', '(os.environ["DATABASE_URL"], autocommit=True)'),
        (BEGIN, "if text:"),
    )


def on_conflict(root: Path) -> None:
    rewrite(root, "clerk.py", ("(%s)", "(%s) ON CONFLICT DO NOTHING"))


def once(root: Path) -> None:
    """Whoever comes second leaves no work to the clerks."""
    rewrite(
        root,
        "desk.py",
        (
            "        if not taken:",
            '        if not taken and queue.set(f"asked:{room}", 1, nx=True):',
        ),
    )


EDITS = (
    Edit(name="reformatted", change=laid_over("desk_reformatted"), failing=(BOOKINGS,)),
    Edit(name="extended", change=extended, failing=(BOOKINGS,)),
    Edit(name="without a transaction", change=without_transaction, failing=(BOOKINGS,)),
    Edit(name="fixed by ON CONFLICT", change=on_conflict, passing=(BOOKINGS,)),
    Edit(
        name="fixed by what makes a second job impossible",
        change=once,
        infeasible=(BOOKINGS,),
        said={BOOKINGS: "never happened: delivery 2: clerk INSERT bookings"},
    ),
    Edit(name="renamed", change=renamed, restated=renamed_processes, failing=(BOOKINGS,)),
)


@pytest.mark.parametrize("edit", EDITS, ids=str)
def test_a_saved_schedule_on_edited_code(original: Original, edit: Edit, tmp_path: Path) -> None:
    follow_on(original, replace(edit, answers=(202, 200)), tmp_path)
