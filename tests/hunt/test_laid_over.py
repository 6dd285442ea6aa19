"""The source laid over the run that failed."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from textwrap import dedent

from stories import Story

from redhanded.case.run import Run
from redhanded.hunt import program
from redhanded.hunt.laid_over import laid_over

DESK = """
    const express = require('express');
    const { Queue, Worker } = require('bullmq');
    const { Pool } = require('pg');

    const pool = new Pool();
    const mails = new Queue('mails');
    const app = express();
    app.post('/guests/:id/keys', async (req, res) => {
      await pool.query('SELECT id FROM guests WHERE id = $1', [req.params.id]);
      if (req.body.lost) {
        await pool.query('DELETE FROM keys WHERE guest = $1', [req.params.id]);
      }
      await mails.add('key', { guest: req.params.id });
      res.end();
    });
    app.post('/rooms', async (req) => pool.query('INSERT INTO rooms (no) VALUES ($1)', [req.body]));
    new Worker('mails', async (job) => {
      await pool.query('INSERT INTO sent (guest) VALUES ($1)', [job.data.guest]);
    });
    """


def run() -> Run:
    story = Story()
    asked = story.step(1, "POST", "/guests/7/keys", role="outside", protocol="delivery")
    story.step(1, "SELECT", "guests", line="desk.js:9")
    story.step(1, "EVALSHA", "bull:mails:wait", protocol="redis", line="desk.js:13")
    story.step(1, "INSERT", "sent", role="worker", line="desk.js:18")
    story.step(1, "INSERT", "audit", role="worker", line="desk.js:19")
    story.step(1, "SELECT", "sent", role="worker")
    assert asked.name.target == "/guests/7/keys"
    return story.run()


def test_what_ran_and_what_was_read_are_told_apart(tmp_path: Path) -> None:
    (tmp_path / "desk.js").write_text(dedent(DESK).lstrip("\n"))
    found = laid_over(program.read(tmp_path), run())
    assert found is not None
    assert found.entries == ("POST /guests/:id/keys", "mails:*")
    assert found.met == 3
    assert [(one.says, str(one.location)) for one in found.ran_unseen] == [
        ("INSERT audit", "desk.js:19")
    ]
    assert [str(one.location) for one in found.seen_idle] == ["desk.js:11"]  # not the other route
    assert found.without_line == 1


def test_nothing_is_laid_over_what_did_not_run_or_is_not_known(tmp_path: Path) -> None:
    (tmp_path / "desk.js").write_text(dedent(DESK).lstrip("\n"))
    chart = program.read(tmp_path)
    assert laid_over(chart, None) is None
    elsewhere = tuple(
        replace(each, name=replace(each.name, target="/unknown"))
        if each.name.protocol == "delivery"
        else each
        for each in run().operations
    )
    assert laid_over(chart, replace(run(), operations=elsewhere)) is None
