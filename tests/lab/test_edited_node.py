"""A saved schedule on edited code: a Node system with a queue and two races."""

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
from small_systems import lay_out, request, tickets

from redhanded.case.schedule import Schedule
from redhanded.case.system import Invariant, System
from redhanded.lab import open_lab

READ = "const { rows } = await pool.query('SELECT views FROM pages WHERE name = $1', [page]);"
WRITE = "await pool.query('UPDATE pages SET views = $1 WHERE name = $2', [rows[0].views + 1, page])"
COUNT = "await pool.query('UPDATE pages SET views = views + 1 WHERE name = $1', [page])"
LOOK = "const ticket = await store.find(holder);"
ADD = "await queue.add(holder);"
INSERT = "const { rows } = await pool.query('INSERT INTO tickets (holder) VALUES ($1)"
CLAIMS, VIEWS, PICK_UP = "claims", "views", "pick up"


@pytest.fixture(scope="module")
def original(node_packages: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Original]:
    """Deliveries 1 and 2 claim a ticket, 3 and 4 count a view; both go wrong in a known order."""
    folder = tmp_path_factory.mktemp("original")
    root = lay_out("tickets", folder, node_packages)
    lost = "SELECT views FROM pages WHERE name = 'front' AND views <> 2"
    system = replace(
        tickets(root, "bull"),
        workload=(request("/claims", {"holder": "{unique}"}), request("/views", {"page": "front"})),
        invariants=(Invariant(name="no_view_is_lost", sql=lost),),
    )
    with open_lab(system, folder=folder / "lab") as lab:
        serial = lab.serial()
        look = (serial, "delivery 2", "SELECT", "tickets")
        insert = (serial, "delivery 1", "INSERT", "tickets")
        failing = lab.follow(Schedule(constraints=in_order(look, insert), deliveries=2))
        again = (failing, "delivery 2", "INSERT", "tickets")
        read = (serial, "delivery 4", "SELECT", "pages")
        write = (serial, "delivery 3", "UPDATE", "pages")
        pick_up = (serial, "delivery 1", "BRPOPLPUSH", "bull:printing:wait")
        schedules = {
            CLAIMS: Schedule(constraints=in_order(look, insert, again), deliveries=2),
            VIEWS: Schedule(constraints=in_order(read, write), deliveries=2),
            PICK_UP: Schedule(constraints=in_order(look, pick_up), deliveries=2),
        }
        find_and_save(lab, folder, schedules)
        yield Original(lab, root, folder)


def renamed(root: Path) -> None:
    words = {"find": "ticketOf", "insert": "issue", "viewed": "countView", "claim": "askFor"}
    words |= {"store": "repository", "ticket": "existing", "pool": "database", "page": "title"}
    renaming(words, "store.js", "web.js", "worker.js")(root)
    rewrite(root, "web.js", ("body.title", "body.page"))
    (root / "store.js").rename(root / "repository.js")
    (root / "web.js").rename(root / "server.js")


def renamed_processes(system: System) -> System:
    """The worker comes first and has three replicas."""
    web, printer = system.processes
    web = replace(web, command="node server.js")
    return replace(system, processes=(replace(printer, replicas=3), web))


def extended(root: Path) -> None:
    """Queries before, between and after what is named, on other tables, other keys and on the same
    tables; none of them has to do with it."""
    rewrite(
        root,
        "web.js",
        (LOOK, f"await store.extra('first');\n  {LOOK}\n  await store.extra('between');"),
        (ADD, f"{ADD}\n  await store.extra('last');"),
        ("await store.viewed(", "await store.extra('first'), await store.viewed("),
    )
    rewrite(
        root,
        "store.js",
        (READ, f"{READ}\n  await extra('between');"),
        (WRITE, f"{WRITE};\n  await extra('last')"),
        (INSERT, f"await extra('first');\n  {INSERT}"),
        ("module.exports = {", EXTRA + "\nmodule.exports = { extra,"),
    )


EXTRA = """
const Redis = require('ioredis');
const redis = new Redis(process.env.TICKETS_REDIS);

async function extra(place) {
  if (place === 'first') {
    await pool.query('SELECT count(*) FROM tickets');
    await pool.query("UPDATE tickets SET holder = 'third' WHERE id = -1");
    await pool.query('SELECT max(views) FROM pages');
    await pool.query("UPDATE pages SET name = 'rear' WHERE name = 'none'");
    await pool.query("INSERT INTO tickets (id, holder) SELECT 9, 'ninth' WHERE false");
  }
  await redis.get(`flag:${place}`);
  await pool.query('SELECT count(*) FROM pg_stat_activity');
  await pool.query("SELECT name FROM pages WHERE views < 0");
}
"""


def read_twice(root: Path) -> None:
    rewrite(root, "store.js", (READ, READ.replace("const { rows } = ", "") + "\n  " + READ))


def on_conflict_and_locked(root: Path) -> None:
    rewrite(root, "store.js", (INSERT, f"{INSERT} ON CONFLICT (holder) DO NOTHING"))
    rewrite(root, "web.js", ("store.viewed(", "store.viewedUnderLock("))


def once_and_atomic(root: Path) -> None:
    rewrite(root, "queue.js", ("process.env.ONCE === 'yes'", "true"))
    rewrite(root, "store.js", (WRITE, f"if (rows.length) {COUNT}"))


def atomic_without_a_look(root: Path) -> None:
    """What is read instead is how many pages there are."""
    instead = "await pool.query('SELECT count(*) FROM pages');"
    rewrite(root, "store.js", (READ, instead), (WRITE, COUNT))


def in_a_transaction(root: Path) -> None:
    rewrite(root, "store.js", (" FOR UPDATE", ""))
    rewrite(root, "web.js", ("store.viewed(", "store.viewedUnderLock("))


EDITS = (
    Edit(
        name="nothing, in another lab",
        change=lambda _root: None,
        restated=lambda system: system,
        failing=(CLAIMS, VIEWS, PICK_UP),
    ),
    Edit(
        name="reformatted",
        change=laid_over("tickets_reformatted"),
        failing=(CLAIMS, VIEWS, PICK_UP),
    ),
    Edit(
        name="renamed",
        change=renamed,
        restated=renamed_processes,
        failing=(CLAIMS, VIEWS, PICK_UP),
    ),
    Edit(name="extended", change=extended, failing=(CLAIMS, VIEWS, PICK_UP)),
    Edit(
        name="extended by the same query",
        change=read_twice,
        failing=(VIEWS, CLAIMS),
        said={VIEWS: "delivery 4: web SELECT pages: sent 2 times where it was sent once"},
    ),
    Edit(name="a transaction, which is no remedy", change=in_a_transaction, failing=(VIEWS,)),
    Edit(
        name="fixed by ON CONFLICT, and by a lock",
        change=on_conflict_and_locked,
        passing=(CLAIMS,),
        infeasible=(VIEWS,),
        said={VIEWS: "the two could only happen the other way round"},
    ),
    Edit(
        name="fixed by a job id, and by an atomic UPDATE",
        change=once_and_atomic,
        infeasible=(CLAIMS,),
        passing=(VIEWS,),
        said={CLAIMS: "never happened: delivery 2: printer INSERT tickets"},
    ),
    Edit(
        name="fixed by an atomic UPDATE without a look",
        change=atomic_without_a_look,
        infeasible=(VIEWS,),
        said={VIEWS: "delivery 4: web SELECT pages (only another statement: SELECT count(*)"},
    ),
)


@pytest.mark.parametrize("edit", EDITS, ids=str)
def test_saved_schedules_on_edited_code(original: Original, edit: Edit, tmp_path: Path) -> None:
    follow_on(original, replace(edit, answers=(202, 200, 204, 204)), tmp_path)
