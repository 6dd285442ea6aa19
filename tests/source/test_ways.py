"""Ways from an entry to a write, across queues."""

from __future__ import annotations

from pathlib import Path

from trees import INVOICES, PARCELS, reading_of

from redhanded.source.hops import hops_of
from redhanded.source.reading import Reading
from redhanded.source.ways import ways


def drawn(reading: Reading) -> list[list[tuple[str, str]]]:
    return [
        [
            (hop.kind, str(hop.location) if hop.location else hop.label)
            for hop in hops_of(reading, w)
        ]
        for w in ways(reading)
    ]


def test_a_way_leads_from_the_route_over_the_queue_to_the_constraint(tmp_path: Path) -> None:
    (way,) = drawn(reading_of(tmp_path, PARCELS))
    assert way == [
        ("route", "src/http/index.js:7"),
        ("handler", "src/http/index.js:7"),
        ("call", "src/http/index.js:7"),
        ("read", "src/desk.js:3"),
        ("enqueue", "src/desk.js:5"),
        ("consume", "src/printer.js:6"),
        ("call", "src/printer.js:6"),
        ("call", "src/printer.js:8"),
        ("write", "src/printer.js:13"),
        ("table", "src/db/parcel.js:5"),
        ("constraint", "migrations/1-parcels.js:6"),
    ]


def test_a_job_takes_only_the_branch_of_its_name(tmp_path: Path) -> None:
    reading = reading_of(tmp_path, INVOICES, "app")
    written = {(w.entry.site.location.line, w.write.access.table) for w in ways(reading)}
    assert {table for _, table in written} == {"invoices"}
    assert len(written) == 2


def test_a_processor_that_nothing_feeds_is_an_entry(tmp_path: Path) -> None:
    files = dict(PARCELS)
    files["src/desk.js"] = files["src/desk.js"].replace("queue.add", "nothing.add")
    (way,) = drawn(reading_of(tmp_path, files))
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
    (way,) = ways(reading_of(tmp_path, files))
    assert way.write.access.table == "cats"


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
    found = {
        (hops_of(reading, w)[0].label, w.write.access.table)
        for reading in [reading_of(tmp_path, files)]
        for w in ways(reading)
    }
    assert found == {("POST /cat", "cats"), ("POST /dog", "dogs")}
