"""Rules for jobs and webhooks from the text of programs, in both languages."""

from __future__ import annotations

from pathlib import Path

import pytest
from programs import lines_shown, read_program, shown

from redhanded.hunt.suspect.rules import job_enqueued_before_commit as before_commit
from redhanded.hunt.suspect.rules import missing_job_deduplication as duplicate
from redhanded.hunt.suspect.rules import retry_of_non_idempotent_job as retried
from redhanded.hunt.suspect.rules import webhook_without_idempotency as webhook

SQL = """
    CREATE TABLE slips (id serial PRIMARY KEY, parcel text NOT NULL);
    CREATE TABLE seen (event text PRIMARY KEY);
    CREATE TABLE members (id text PRIMARY KEY, points int NOT NULL DEFAULT 0);
"""

NODE = """
    import crypto from 'node:crypto';
    import express from 'express';
    import pg from 'pg';
    import { Queue, Worker } from 'bullmq';

    const pool = new pg.Pool();
    const connection = { host: 'localhost' };
    const slips = new Queue('slips', { connection });
    const app = express();

    app.post('/hooks/carrier', express.raw({ type: '*/*' }), async (req, res) => {
      const mac = crypto.createHmac('sha256', process.env.SECRET).update(req.body).digest('hex');
      if (!crypto.timingSafeEqual(Buffer.from(mac), Buffer.from(req.get('x-signature')))) {
        return res.status(401).end();
      }
      const event = JSON.parse(req.body);
      %s
      res.status(200).end();
    });

    new Worker('slips', async (job) => {
      %s
    }, { connection });
"""
ADD = "await slips.add('print', { parcel: event.parcel });"
PRINT = "await pool.query('INSERT INTO slips (parcel) VALUES ($1)', [job.data.parcel]);"


def node(hook: str = "", work: str = "", sql: str = SQL) -> dict[str, str]:
    return {"src/app.mjs": NODE % (hook, work), "db/001.sql": sql}


def test_a_webhook_queues_without_a_name(tmp_path: Path) -> None:
    (line,) = lines_shown(duplicate, tmp_path, node(ADD, PRINT))
    assert "slips.add" in line


def test_a_job_is_told_by_what_jobs_of_its_name_do(tmp_path: Path) -> None:
    hook = (
        "if (event.gone) await slips.add('forget', { parcel: event.parcel });\n"
        "      else await slips.add('print', { parcel: event.parcel });"
    )
    work = f"""switch (job.name) {{
        case 'print':
          {PRINT}
          break;
        case 'forget':
          await pool.query('DELETE FROM slips WHERE parcel = $1', [job.data.parcel]);
          break;
      }}"""
    (line,) = lines_shown(duplicate, tmp_path, node(hook, work))
    assert "'print'" in line


def test_what_refuses_the_second_row_comes_from_the_event(tmp_path: Path) -> None:
    sql = SQL.replace("parcel text NOT NULL", "code text UNIQUE, parcel text NOT NULL UNIQUE")
    work = """const code = Array.from({ length: 5 }, () => LETTERS[draw()]).join('');
      await pool.query('INSERT INTO slips (code, parcel) VALUES ($1, $2)', [code, job.data.parcel]);
    """
    reading = read_program(tmp_path, node(ADD, work, sql))
    (found,) = shown(duplicate, reading)
    assert "the second row of slips is refused: parcel" in found.message


OPTIONS = {
    "forgotten": "{ jobId: event.id, removeOnComplete: true }",
    "drawn anew": "{ jobId: crypto.randomUUID() }",
}


@pytest.mark.parametrize("options", OPTIONS.values(), ids=OPTIONS)
def test_a_name_that_does_not_last(tmp_path: Path, options: str) -> None:
    assert lines_shown(duplicate, tmp_path, node(ADD.replace(" });", f" }}, {options});"), PRINT))


NAMED = {
    "jobId": "{ jobId: event.id }",
    "kept for a day": "{ jobId: event.id, removeOnComplete: { age: 86400 } }",
    "deduplication": "{ deduplication: { id: event.id, ttl: 86400000 } }",
}


@pytest.mark.parametrize("options", NAMED.values(), ids=NAMED)
def test_a_name_that_lasts(tmp_path: Path, options: str) -> None:
    files = node(ADD.replace(" });", f" }}, {options});"), PRINT)
    assert lines_shown(duplicate, tmp_path, files) == []


WORK = {
    "on conflict": PRINT.replace("($1)'", "($1) ON CONFLICT DO NOTHING'"),
    "a state": "await pool.query('UPDATE members SET points = 5 WHERE id = $1', "
    "[job.data.parcel]);",
    "reads only": "await pool.query('SELECT 1 FROM slips WHERE parcel = $1', [job.data.parcel]);",
}


@pytest.mark.parametrize("work", WORK.values(), ids=WORK)
def test_a_job_that_may_run_twice(tmp_path: Path, work: str) -> None:
    assert lines_shown(duplicate, tmp_path, node(ADD, work)) == []


CREDIT = (
    "await pool.query('UPDATE members SET points = points + $2 WHERE id = $1', "
    "[event.member, event.points]);"
)


def test_a_webhook_counts_twice(tmp_path: Path) -> None:
    (line,) = lines_shown(webhook, tmp_path, node(CREDIT))
    assert "points + $2" in line


SEEN = {
    "inserted first": "await pool.query('INSERT INTO seen (event) VALUES ($1)', [event.id]);",
    "ignored, and looked at": "const kept = await pool.query('INSERT INTO seen (event) VALUES ($1)"
    " ON CONFLICT DO NOTHING', [event.id]);\n      if (kept.rowCount === 0) return res.end();",
    "refused, and answered": "try {\n        await pool.query('INSERT INTO seen (event) VALUES "
    "($1)', [event.id]);\n      } catch (error) {\n        if (error.code === '23505') return "
    "res.status(200).end();\n        throw error;\n      }",
}


@pytest.mark.parametrize("seen", SEEN.values(), ids=SEEN)
def test_a_webhook_that_keeps_what_it_has_seen(tmp_path: Path, seen: str) -> None:
    assert lines_shown(webhook, tmp_path, node(f"{seen}\n      {CREDIT}")) == []


def test_what_it_has_seen_is_not_kept_unique(tmp_path: Path) -> None:
    sql = SQL.replace("event text PRIMARY KEY", "event text")
    files = node(f"{SEEN['inserted first']}\n      {CREDIT}", sql=sql)
    assert len(lines_shown(webhook, tmp_path, files)) == 1


def test_a_webhook_that_sets_a_state(tmp_path: Path) -> None:
    update = CREDIT.replace("points = points + $2", "points = $2")
    assert lines_shown(webhook, tmp_path, node(update)) == []


CELERY = """
    import requests
    from celery import Celery
    from fastapi import Depends, FastAPI
    from sqlalchemy import create_engine
    from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, sessionmaker

    engine = create_engine("postgresql://x")
    Factory = sessionmaker(engine)
    queue = Celery("visits", broker="redis://x")

    class Base(DeclarativeBase):
        pass

    class Visit(Base):
        __tablename__ = "visits"
        id: Mapped[int] = mapped_column(primary_key=True)
        day: Mapped[str]
        confirmed: Mapped[bool]

    class Busy(Exception):
        pass

    @queue.task%s
    def confirm(visit_id):
        with Factory() as db:
            visit = db.get(Visit, visit_id)
            %s

    def session():
        with Factory() as db:
            yield db

    app = FastAPI()

    @app.post("/visits")
    def book(day: str, db: Session = Depends(session)):
        visit = Visit(day=day)
        db.add(visit)
        %s
        return {"id": visit.id}
"""
MAIL = 'requests.post("https://mail.example/send", json={"visit": visit_id})'
MARK = "visit.confirmed = True"


def celery(book: str, work: str = MAIL, options: str = "") -> dict[str, str]:
    return {"visits/app.py": CELERY % (options, work, book.replace("\n", "\n        "))}


def test_celery_before_the_commit(tmp_path: Path) -> None:
    (line,) = lines_shown(
        before_commit, tmp_path, celery("db.flush()\nconfirm.delay(visit.id)\ndb.commit()")
    )
    assert "confirm.delay" in line


AFTER = {
    "after the commit": "db.commit()\nconfirm.delay(visit.id)",
    "after the block": "with db.begin_nested():\n    pass\ndb.commit()\nconfirm.delay(visit.id)",
    "when it is committed": "from sqlalchemy import event\n"
    "event.listen(db, 'after_commit', lambda _: confirm.delay(visit.id), once=True)\ndb.commit()",
    "much later": "db.flush()\nconfirm.apply_async((visit.id,), countdown=60)\ndb.commit()",
}


@pytest.mark.parametrize("book", AFTER.values(), ids=AFTER)
def test_celery_after_the_commit(tmp_path: Path, book: str) -> None:
    assert lines_shown(before_commit, tmp_path, celery(book)) == []


TWO = f"{MAIL}\n            {MARK}\n            db.commit()"
AGAIN = {
    "autoretry": "(autoretry_for=(Exception,), max_retries=5)",
    "its own and the network's": "(autoretry_for=(Busy, OSError))",
    "acks late": "(acks_late=True)",
}


@pytest.mark.parametrize("options", AGAIN.values(), ids=AGAIN)
def test_celery_sends_again(tmp_path: Path, options: str) -> None:
    files = celery("db.commit()\nconfirm.delay(visit.id)", TWO, options)
    (line,) = lines_shown(retried, tmp_path, files)
    assert "requests.post" in line


ONCE = {
    "no retries": ("", TWO),
    "no retries, and last": ("", MAIL),
    "a key": (
        "(autoretry_for=(Exception,))",
        TWO.replace("json=", 'headers={"Idempotency-Key": str(visit_id)}, json='),
    ),
    "errors of its own": ("(autoretry_for=(Busy,))", TWO),
    "it only asks": ("(autoretry_for=(Exception,))", TWO.replace(".post", ".get")),
}


@pytest.mark.parametrize(("options", "work"), ONCE.values(), ids=ONCE)
def test_celery_sends_once(tmp_path: Path, options: str, work: str) -> None:
    files = celery("db.commit()\nconfirm.delay(visit.id)", work, options)
    assert lines_shown(retried, tmp_path, files) == []


CHAIN = """
    from celery import Celery
    queue = Celery("notes", broker="redis://x")

    @queue.task%s
    def gather(day):
        remind.delay(day)

    @queue.task
    def remind(day):
        import requests
        requests.post("https://mail.example/send", json={"day": day})
"""


@pytest.mark.parametrize(("options", "count"), [("", 0), ("(autoretry_for=(OSError,))", 1)])
def test_a_job_that_is_run_once_queues_once(tmp_path: Path, options: str, count: int) -> None:
    assert len(lines_shown(duplicate, tmp_path, {"notes/work.py": CHAIN % options})) == count


BULL = """
    const Bull = require('bull');
    const axios = require('axios');
    const { Pool } = require('pg');
    const pool = new Pool();
    const letters = new Bull('letters', process.env.REDIS_URL);

    letters.process(async (job) => {
      %s
    });

    exports.send = (invoice) => letters.add({ invoice }, %s);
"""
POST = "await axios.post('https://mail.example/send', { invoice: job.data.invoice });"
SENT = "await pool.query('UPDATE invoices SET sent = true WHERE id = $1', [job.data.invoice]);"
INVOICES = "CREATE TABLE invoices (id text PRIMARY KEY, sent boolean, state text);"


@pytest.mark.parametrize(
    ("work", "options", "count"),
    [
        (f"{POST}\n      {SENT}", "{ attempts: 3 }", 1),
        (f"{POST}\n      {SENT}", "{ attempts: 1 }", 0),
        (f"{SENT}\n      {POST}", "{ attempts: 3 }", 1),
        (f"{SENT}\n      {POST}", "{}", 0),
        (
            "const mine = await pool.query(\"UPDATE invoices SET state = 'sending' WHERE id = $1 "
            "AND state = 'open'\", [job.data.invoice]);\n      if (mine.rowCount === 0) return;\n"
            f"      {POST}\n      {SENT}",
            "{ attempts: 3 }",
            0,
        ),
    ],
    ids=[
        "mail, then the mark",
        "one attempt",
        "its answer is lost",
        "by default one attempt",
        "claimed",
    ],
)
def test_bull_sends_again(tmp_path: Path, work: str, options: str, count: int) -> None:
    files = {"src/letters.js": BULL % (work, options), "db/001.sql": INVOICES}
    assert len(lines_shown(retried, tmp_path, files)) == count
