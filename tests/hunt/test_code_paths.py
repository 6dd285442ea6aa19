"""Ways from an entry to a write, across queues."""

from __future__ import annotations

from pathlib import Path

from small_services import INVOICES, PARCELS, mapped

from redhanded.case.codemap import CodeMap


def drawn(code: CodeMap) -> list[list[tuple[str, str]]]:
    return [
        [(hop.kind, str(hop.location) if hop.location else hop.label) for hop in path.hops]
        for path in code.paths
    ]


def written(code: CodeMap) -> set[tuple[str, str]]:
    """Where each path begins, and the table that it writes."""
    return {
        (path.hops[0].label, hop.label)
        for path in code.paths
        for hop in path.hops
        if hop.kind == "table"
    }


def test_a_way_leads_from_the_route_over_the_queue_to_the_constraint(tmp_path: Path) -> None:
    (way,) = drawn(mapped(tmp_path, PARCELS))
    assert way == [
        ("route", "src/http/index.js:7"),
        ("handler", "src/guard.js:1"),
        ("call", "src/guard.js:2"),
        ("call", "src/http/index.js:7"),
        ("read", "src/desk.js:3"),
        ("enqueue", "src/desk.js:5"),
        ("consume", "src/printer.js:6"),
        ("call", "src/printer.js:6"),
        ("call", "src/printer.js:8"),
        ("write", "src/printer.js:13"),
        ("table", "migrations/1-parcels.js:2"),
        ("constraint", "migrations/1-parcels.js:6"),
    ]


def test_a_job_takes_only_the_branch_of_its_name(tmp_path: Path) -> None:
    assert written(mapped(tmp_path, INVOICES, "app")) == {
        ("POST /v2/invoices", "invoices"),
        ("POST /hooks/ledger", "invoices"),
    }


def test_a_processor_that_nothing_feeds_is_an_entry(tmp_path: Path) -> None:
    files = dict(PARCELS)
    files["src/desk.js"] = files["src/desk.js"].replace("queue.add", "nothing.add")
    way = drawn(mapped(tmp_path, files))[0]
    assert way[0] == ("consume", "src/printer.js:6")


def test_a_branch_on_the_job_name_with_if_is_followed(tmp_path: Path) -> None:
    files = {
        "src/a.js": """
            const { Queue, Worker } = require('bullmq');
            const express = require('express');
            const { Sequelize } = require('sequelize');
            const s = new Sequelize('x');
            const Cat = s.define('cat', {});
            const Dog = s.define('dog', {});
            const q = new Queue('pets');
            const app = express();
            app.post('/cat', () => q.add('cat', {}));
            new Worker('pets', async (job) => {
              if (job.name === 'cat') {
                await Cat.create({});
              } else {
                await Dog.create({});
              }
            });
            """
    }
    assert written(mapped(tmp_path, files)) == {("POST /cat", "cats")}


def test_two_routes_through_one_wrapper_are_not_mixed_up(tmp_path: Path) -> None:
    files = {
        "src/a.js": """
            const express = require('express');
            const { Sequelize } = require('sequelize');
            const s = new Sequelize('x');
            const Cat = s.define('cat', {});
            const Dog = s.define('dog', {});
            const wrap = (fn) => (req, res, next) => fn(req, res).catch(next);
            const app = express();
            app.post('/cat', wrap(async () => Cat.create({})));
            app.post('/dog', wrap(async () => Dog.create({})));
            """
    }
    assert written(mapped(tmp_path, files)) == {("POST /cat", "cats"), ("POST /dog", "dogs")}
