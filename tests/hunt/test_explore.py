"""The map of whole programs whose names have nothing to do with the example."""

from __future__ import annotations

import subprocess
from pathlib import Path
from textwrap import dedent

import pytest

from redhanded.case.codemap import CodeMap
from redhanded.case.evidence import Location
from redhanded.case.symptom import Symptom
from redhanded.hunt import program
from redhanded.hunt.explore import chart

FILES = {
    "lib/app.mjs": """
        import express from 'express';
        import { intake } from './intake.mjs';
        import { Book } from './shelf.mjs';

        const app = express();
        app.put('/books/:isbn', (req, res) => Book.update({ t: 1 }, { where: { isbn: req.isbn } }));
        app.post('/deliveries', intake);
        """,
    "lib/intake.mjs": """
        import { scans } from './queue.mjs';
        import { Book } from './shelf.mjs';

        export async function intake(req, res) {
          const known = await Book.count({ where: { isbn: req.body.isbn } });
          if (known) return res.end();
          await scans.add('scan', { isbn: req.body.isbn });
          req.app.locals.audit(req);
          puzzle(req);
        }

        function puzzle(req, then) {
          then(req);
        }
        """,
    "lib/queue.mjs": """
        import { Queue } from 'bullmq';
        export const scans = new Queue('scans', { defaultJobOptions: { attempts: 4 } });
        """,
    "lib/scanner.mjs": """
        import { Worker } from 'bullmq';
        import { Book } from './shelf.mjs';

        new Worker('scans', async ({ data }) => {
          await Book.create({ isbn: data.isbn });
        });
        """,
    "lib/shelf.mjs": """
        import { Sequelize } from 'sequelize';
        const link = new Sequelize('postgres://x');
        export const Book = link.define('Book', { isbn: {} }, { tableName: 'books' });
        """,
    "migrations/2.cjs": """
        exports.up = (queryInterface) => queryInterface.addIndex('books', {
          fields: ['isbn'], unique: true, name: 'one_isbn',
        });
        """,
}


def charted(root: Path, symptom: Symptom) -> CodeMap:
    for name, text in FILES.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(dedent(text).lstrip("\n"))
    return chart(root, source=("lib",), symptom=symptom)


def test_the_path_to_the_violated_constraint_comes_first(tmp_path: Path) -> None:
    code = charted(tmp_path, Symptom(text="x", sqlstate="23505", constraint="one_isbn"))
    kinds = [(hop.kind, str(hop.location)) for hop in code.paths[0].hops]
    assert kinds == [
        ("route", "lib/app.mjs:7"),
        ("handler", "lib/intake.mjs:4"),
        ("read", "lib/intake.mjs:5"),
        ("enqueue", "lib/intake.mjs:7"),
        ("consume", "lib/scanner.mjs:4"),
        ("write", "lib/scanner.mjs:5"),
        ("table", "lib/shelf.mjs:3"),
        ("constraint", "migrations/2.cjs:1"),
    ]
    assert code.paths[0].hops[3].text == "await scans.add('scan', { isbn: req.body.isbn });"
    assert code.enqueues[0].options == {"attempts": "4"}
    assert code.files == len(FILES)


def test_the_stack_of_the_log_decides_between_paths(tmp_path: Path) -> None:
    stack = (Location(path="lib/app.mjs", line=6),)
    code = charted(tmp_path, Symptom(text="x", table="books", stack=stack))
    assert code.paths[0].hops[0].label == "PUT /books/:isbn"
    code = charted(tmp_path, Symptom(text="x", table="books", sqlstate="23505"))
    assert code.paths[0].hops[0].label == "POST /deliveries"


def test_a_function_of_the_stack_decides_whatever_it_was_called_on(tmp_path: Path) -> None:
    stack = (Location(path="lib/intake.mjs", line=9, function="Layer.intake"),)
    code = charted(tmp_path, Symptom(text="x", stack=stack))
    assert code.paths[0].hops[0].label == "POST /deliveries"
    stack = (Location(path="lib/app.mjs", line=6, function="Layer.handle"),)
    code = charted(tmp_path, Symptom(text="x", stack=stack))
    assert code.paths[0].hops[0].label == "PUT /books/:isbn"


def test_calls_that_cannot_be_followed_are_listed_and_others_are_not(tmp_path: Path) -> None:
    code = charted(tmp_path, Symptom(text="x", table="books", sqlstate="23505"))
    assert [str(one) for one in code.unresolved] == ["lib/intake.mjs:8"]  # what express holds
    loose = (
        dedent(FILES["lib/intake.mjs"])
        .lstrip("\n")
        .replace(
            "export async function intake(req, res) {",
            "export async function intake(req, res, ...rest) {\n  rest.first.run();",
        )
    )
    (tmp_path / "lib/intake.mjs").write_text(loose)
    code = chart(tmp_path, source=("lib",), symptom=Symptom(text="x", table="books"))
    assert [str(one) for one in code.unresolved] == ["lib/intake.mjs:5", "lib/intake.mjs:9"]


def test_commits_of_the_path_are_told(tmp_path: Path) -> None:
    charted(tmp_path, Symptom(text="x"))
    for command in (["init", "-q", "."], ["add", "."], ["commit", "-q", "-m", "Scan in the back"]):
        who = ["-c", "user.name=Bo", "-c", "user.email=bo@example.org"]
        subprocess.run(["git", *who, *command], cwd=tmp_path, check=True)
    code = charted(tmp_path, Symptom(text="x", table="books"))
    (only,) = code.commits
    assert only.subject == "Scan in the back"
    assert any(one.path == "lib/scanner.mjs" for one in only.locations)


def test_a_tree_without_source_says_so(tmp_path: Path) -> None:
    code = chart(tmp_path, source=("src",), symptom=Symptom(text="x"))
    assert code.paths == () and code.files == 0
    assert any("src does not exist" in one for one in code.limits)
    assert any("no source file" in one for one in code.limits)


PYTHON = {
    "desk/web.py": """
        from fastapi import FastAPI
        from desk.jobs import print_badge

        app = FastAPI()


        @app.post("/guests")
        def arrive(guest: dict):
            print_badge.delay(guest["pass"])
        """,
    "desk/jobs.py": """
        from celery import Celery
        from desk.store import remember

        desk = Celery("desk")


        @desk.task(acks_late=True)
        def print_badge(number):
            remember(number)
        """,
    "desk/store.py": """
        import psycopg


        def remember(number):
            with psycopg.connect("x") as link:
                link.execute("SELECT 1 FROM badges WHERE number = %s", [number])
                link.execute("INSERT INTO badges (number) VALUES (%s)", [number])
        """,
    "schema.sql": """
        CREATE TABLE badges (id serial PRIMARY KEY, number text UNIQUE);
        """,
}


def test_a_path_in_python_crosses_the_queue_to_a_constraint_with_the_usual_name(
    tmp_path: Path,
) -> None:
    for name, text in PYTHON.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(dedent(text).lstrip("\n"))
    symptom = Symptom(text="x", sqlstate="23505", constraint="badges_number_key")
    code = chart(tmp_path, source=("desk",), symptom=symptom)
    assert [(hop.kind, str(hop.location)) for hop in code.paths[0].hops] == [
        ("route", "desk/web.py:8"),
        ("enqueue", "desk/web.py:9"),
        ("consume", "desk/jobs.py:8"),
        ("call", "desk/jobs.py:9"),
        ("read", "desk/store.py:6"),
        ("write", "desk/store.py:7"),
        ("table", "schema.sql:1"),
        ("constraint", "schema.sql:1"),
    ]
    (consumer,) = code.consumers
    assert consumer.library == "celery" and consumer.options["acks_late"] == "True"
    write = next(one for one in code.accesses if one.access == "write")
    assert (write.does, write.library, write.in_transaction) == ("insert", "psycopg", True)


EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "orders"


@pytest.mark.skipif(not EXAMPLE.is_dir(), reason="the example is not part of this copy")
def test_the_example_from_its_webhook_to_its_constraint() -> None:
    symptom = Symptom(text="x", sqlstate="23505", constraint="uq_orders_external_reference")
    code = chart(EXAMPLE, source=("src", "migrations"), symptom=symptom)
    hops = code.paths[0].hops
    assert hops[0].label == "POST /webhooks/stripe"
    assert [hop.kind for hop in hops][-3:] == ["write", "table", "constraint"]
    shown = {hop.kind: hop.text for hop in hops}
    assert ".add('process-payment'" in shown["enqueue"]
    assert "Order.findOne(" in shown["read"] and "Order.create(" in shown["write"]
    assert any("createFromPayment(" in hop.text for hop in hops if hop.kind == "call")
    assert code.routes[0].webhook and code.enqueues[0].queue == code.consumers[0].queue
    lines = program.lines_of(EXAMPLE)
    assert all("log." in lines(one) for one in code.unresolved)
