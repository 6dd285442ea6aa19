"""A transaction that PostgreSQL turns away is run again; at SERIALIZABLE where a read was stale."""

from __future__ import annotations

import ast
import subprocess
import textwrap
from dataclasses import replace
from pathlib import Path

import parcels
import pytest
from met_transactions import crossed
from test_repair import check, ground_of

from redhanded.case.codemap import Enqueue
from redhanded.case.evidence import Location
from redhanded.hunt import repair
from redhanded.hunt.repair import tested
from redhanded.lab.services import find_node

HEAD = "export async function move(from, to, cents) {\n"
HELPER = "/** Runs a transaction again"
SEQUELIZE = """\
  return sequelize.transaction(async (t) => {
    await Account.decrement('cents', { by: cents, where: { id: from }, transaction: t });
    await Account.increment('cents', { by: cents, where: { id: to }, transaction: t });
  });
"""
BY_HAND = """\
  const client = await pool.connect();
  try {
    await client.query('BEGIN');
    await client.query(
      `UPDATE accounts
          SET cents = cents - $1
        WHERE id = $2`,
      [cents, from],
    );
    await client.query('UPDATE accounts SET cents = cents + $1 WHERE id = $2', [cents, to]);
    await client.query('COMMIT');
  } catch (error) {
    await client.query('ROLLBACK');
    throw error;
  } finally {
    client.release();
  }
"""
LEVELS = {
    "sequelize": (
        "sequelize.transaction(async (t) => {",
        "retried(() => sequelize.transaction({ isolationLevel: 'SERIALIZABLE' }, async (t) => {",
        "}));",
    ),
    "knex": (
        "db.transaction(async (trx) => {",
        "retried(() => db.transaction(async (trx) => {",
        "}, { isolationLevel: 'serializable' }));",
    ),
    "drizzle-orm": (
        "db.transaction(async (tx) => {",
        "retried(() => db.transaction(async (tx) => {",
        "}, { isolationLevel: 'serializable' }));",
    ),
    "@prisma/client": (
        "prisma.$transaction(async (tx) => {",
        "retried(() => prisma.$transaction(async (tx) => {",
        "}, { isolationLevel: 'Serializable' }));",
    ),
    "typeorm": (
        "source.transaction(async (manager) => {",
        "retried(() => source.transaction('SERIALIZABLE', async (manager) => {",
        "}));",
    ),
    "kysely": (
        "db.transaction().execute(async (trx) => {",
        "retried(() => db.transaction().setIsolationLevel('serializable').execute(async (trx) => {",
        "}));",
    ),
    "postgres": (
        "sql.begin(async (tx) => {",
        "retried(() => sql.begin('isolation level serializable', async (tx) => {",
        "}));",
    ),
    "pg": (
        "inTransaction(pool, async (client) => {",
        "retried(() => inTransaction(pool, async (client) => {\n"
        "    await client.query('SET TRANSACTION ISOLATION LEVEL SERIALIZABLE');",
        "}));",
    ),
}


def rewritten(
    root: Path,
    body: str,
    *,
    library: str,
    lines: tuple[int, ...],
    mechanism: str = "opposite-lock-order",
    path: str = "src/moving.js",
    head: str = HEAD,
) -> str | None:
    """The file after part ``s``; None where there is none."""
    ground = story(root, body, library, lines, mechanism, path, head)
    found = {each.key: each for each in repair.draft(ground)}
    if "s" not in found:
        return None
    (root / "p.diff").write_text(found["s"].diff)
    subprocess.run(["git", "apply", "--check", "p.diff"], cwd=root, check=True)
    return found["s"].files[path]


def story(
    root: Path,
    body: str,
    library: str,
    lines: tuple[int, ...],
    mechanism: str = "opposite-lock-order",
    path: str = "src/moving.js",
    head: str = HEAD,
) -> repair.Ground:
    parcels.write(root)
    target = root / path
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(head + body + ("}\n" if head == HEAD else ""))
    return crossed(ground_of(root), path=path, library=library, lines=lines, mechanism=mechanism)


def test_the_call_that_runs_it_is_made_again(tmp_path: Path) -> None:
    text = rewritten(tmp_path, SEQUELIZE, library="sequelize", lines=(3, 4))
    assert text is not None
    check(tmp_path, text)
    assert "  return retried(() => sequelize.transaction(async (t) => {\n" in text
    assert "  }));\n}\n\n" + HELPER in text
    assert "includes(error.original?.code)" in text


def test_a_function_that_begins_by_hand_is_run_again_whole(tmp_path: Path) -> None:
    """The text of its SQL stays as it is."""
    text = rewritten(tmp_path, BY_HAND, library="pg", lines=(5, 11))
    assert text is not None
    check(tmp_path, text)
    assert "  return retried(async () => {\n    const client = await pool.connect();\n" in text
    assert (
        "        `UPDATE accounts\n          SET cents = cents - $1\n        WHERE id = $2`,\n"
        in text
    )
    assert "      client.release();\n    }\n  });\n}\n" in text


@pytest.mark.parametrize("library", LEVELS)
def test_serializable_in_the_words_of_the_library(tmp_path: Path, library: str) -> None:
    before, after, ends = LEVELS[library]
    body = f"  return {before}\n    await look();\n    await act();\n  }});\n"
    text = rewritten(tmp_path, body, library=library, lines=(3, 4), mechanism="stale-read")
    assert text is not None
    check(tmp_path, text)
    assert f"  return {after}\n    await look();\n    await act();\n  {ends}\n" in text


@pytest.mark.parametrize(
    ("weaker", "stronger"),
    [
        (
            "Transaction.ISOLATION_LEVELS.REPEATABLE_READ",
            "Transaction.ISOLATION_LEVELS.SERIALIZABLE",
        ),
        ("'repeatable read'", "'serializable'"),
        ("'RepeatableRead'", "'Serializable'"),
    ],
)
def test_a_weaker_level_is_raised_where_it_is_named(
    tmp_path: Path, weaker: str, stronger: str
) -> None:
    body = SEQUELIZE.replace(
        "transaction(async", f"transaction({{ isolationLevel: {weaker} }}, async"
    )
    text = rewritten(
        tmp_path, body, library="sequelize", lines=(3, 4), mechanism="wrong-isolation-level"
    )
    assert text is not None
    check(tmp_path, text)
    assert f"isolationLevel: {stronger} }}, async" in text


def test_begin_by_hand_gets_the_level(tmp_path: Path) -> None:
    text = rewritten(tmp_path, BY_HAND, library="pg", lines=(5, 11), mechanism="stale-read")
    assert text is not None
    assert "client.query('BEGIN ISOLATION LEVEL SERIALIZABLE');" in text


def test_typescript_knows_what_comes_back(tmp_path: Path) -> None:
    head = "export async function move(from: number, to: number, cents: number): Promise<void> {\n"
    text = rewritten(
        tmp_path,
        BY_HAND + "}\n",
        library="pg",
        lines=(5, 11),
        path="src/moving.ts",
        head=head,
    )
    assert text is not None
    assert "function retried<T>(transaction: () => Promise<T>, attempts = 10): Promise<T> {" in text


HARMFUL = {
    "an error that is swallowed": BY_HAND.replace(
        "    throw error;\n", "    console.error(error);\n"
    ),
    "an error of another kind": BY_HAND.replace("throw error;", "throw new Error('no move');"),
    "an answer before the COMMIT": BY_HAND.replace(
        "    await client.query('COMMIT');",
        "    res.json({ ok: true });\n    await client.query('COMMIT');",
    ),
    "a sum that goes on": BY_HAND.replace("BEGIN');\n", "BEGIN');\n    cents += 1;\n"),
    "a list of others": BY_HAND.replace("BEGIN');\n", "BEGIN');\n    from.moves.push(to);\n"),
    "a name that is taken": BY_HAND.replace("pool.connect()", "retried.connect()"),
}


@pytest.mark.parametrize("what", HARMFUL)
def test_nothing_is_written_that_would_do_harm(tmp_path: Path, what: str) -> None:
    assert HARMFUL[what] != BY_HAND
    shift = HARMFUL[what].split("UPDATE")[0].count("\n") - BY_HAND.split("UPDATE")[0].count("\n")
    lines = (5 + shift, 11 + shift)
    assert rewritten(tmp_path, HARMFUL[what], library="pg", lines=lines) is None


def test_what_queues_a_job_is_not_run_again(tmp_path: Path) -> None:
    ground = story(tmp_path, SEQUELIZE, "sequelize", (3, 4))
    queued = Enqueue(
        queue="q", job="j", library="bull", location=Location(path="src/moving.js", line=4)
    )
    assert "s" in {each.key for each in repair.draft(ground)}
    ground = replace(ground, code=replace(ground.code, enqueues=(queued,)))
    assert "s" not in {each.key for each in repair.draft(ground)}


def test_a_statement_outside_of_transactions_is_not_helped(tmp_path: Path) -> None:
    ground = story(tmp_path, SEQUELIZE, "sequelize", (3, 4))
    run = ground.reproduction.run
    assert run is not None
    alone = tuple(
        replace(each, transaction=None) if each.location and each.location.line == 3 else each
        for each in run.operations
    )
    caught = replace(ground.reproduction, run=replace(run, operations=alone))
    assert repair.draft(replace(ground, reproduction=caught)) == ()


def test_the_helper_of_the_program_that_begins_it_is_left_alone(tmp_path: Path) -> None:
    """What is edited is the call of it, further up in the stack."""
    second = next(line for line in BY_HAND.splitlines(keepends=True) if "$2', [" in line)
    begins = BY_HAND.replace(second, "    await work(client);\n")
    helper = f"export async function withTransaction(work) {{\n{begins}"
    body = """\
  return withTransaction(async (client) => {
    await debit(client);
    await credit(client);
  });
"""
    caller = (Location(path="src/db.js", line=12),)
    parcels.write(tmp_path)
    (tmp_path / "src/db.js").write_text(helper + "}\n")
    (tmp_path / "src/moving.js").write_text(HEAD + body + "}\n")
    ground = crossed(
        ground_of(tmp_path), path="src/moving.js", library="pg", lines=(3, 4), callers=caller
    )
    (found,) = repair.draft(ground)
    assert list(found.files) == ["src/moving.js"]
    assert (
        "return retried(() => withTransaction(async (client) => {" in found.files["src/moving.js"]
    )


def test_the_new_test_lets_each_have_its_first_row(tmp_path: Path) -> None:
    ground = story(tmp_path, SEQUELIZE, "sequelize", (3, 4))
    assert tested.locked_rows(ground) == ['"accounts"']
    path, text = repair.regression_test(ground)
    assert """await locker.query('SELECT 1 FROM "accounts" FOR UPDATE');""" in text
    assert "LOCK TABLE" not in text
    target = tmp_path / path
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(text)
    subprocess.run(
        [str(find_node()), "--check", path], cwd=tmp_path, check=True, capture_output=True
    )


DJANGO = '''\
"""Moves."""

import logging

from django.db import transaction

from bank.models import Account

log = logging.getLogger(__name__)


def move(source, target, cents):
    """Moves money."""
    with transaction.atomic():
        first = Account.objects.select_for_update().get(pk=source)
        second = Account.objects.select_for_update().get(pk=target)
        first.cents -= cents
        first.save()
        second.save()
'''
SESSIONS = {
    "made": (
        """\
def leave(shift_id, day):
    with Session(engine) as session, session.begin():
        rows = look(session, day)
        act(session, rows)
""",
        """\
@retried
def leave(shift_id, day):
    with Session(engine) as session, session.begin():
        session.connection(execution_options={"isolation_level": "SERIALIZABLE"})
        rows = look(session, day)
        act(session, rows)
""",
        "                return work(*args, **kwargs)\n            except DBAPIError as error:\n"
        "                refused",
    ),
    "made by a factory": (
        """\
async def leave(shift_id, day):
    async with Session.begin() as session:
        rows = await look(session, day)
        await act(session, rows)
""",
        """\
@retried
async def leave(shift_id, day):
    async with Session.begin() as session:
        await session.connection(execution_options={"isolation_level": "SERIALIZABLE"})
        rows = await look(session, day)
        await act(session, rows)
""",
        "                return await work(*args, **kwargs)\n"
        "            except DBAPIError as error:\n                refused",
    ),
    "given": (
        """\
async def leave(session, shift_id, day):
    rows = await look(session, day)
    await act(session, rows)
    await session.commit()
""",
        """\
@retried
async def leave(session, shift_id, day):
    await session.connection(execution_options={"isolation_level": "SERIALIZABLE"})
    rows = await look(session, day)
    await act(session, rows)
    await session.commit()
""",
        "                return await work(session, *args, **kwargs)\n"
        "            except DBAPIError as error:\n"
        "                await session.rollback()\n                refused",
    ),
    "of the module": (
        """\
def leave(shift_id, day):
    rows = look(db.session, day)
    act(db.session, rows)
    db.session.commit()
""",
        """\
@retried
def leave(shift_id, day):
    db.session.connection(execution_options={"isolation_level": "SERIALIZABLE"})
    rows = look(db.session, day)
    act(db.session, rows)
    db.session.commit()
""",
        "            except DBAPIError as error:\n                db.session.rollback()\n",
    ),
}


def test_a_function_of_django_is_decorated(tmp_path: Path) -> None:
    parcels.write(tmp_path)
    (tmp_path / "requirements.txt").write_text("django\npsycopg[binary]\n")
    text = rewritten(
        tmp_path, DJANGO, library="django", lines=(15, 16), path="bank/moving.py", head=""
    )
    assert text is not None
    ast.parse(text)
    assert (
        "import functools\nimport logging\n\nfrom django.db import OperationalError, transaction"
        in text
    )
    assert "\n\n\n@retried\ndef move(source, target, cents):\n" in text
    assert text.index("def retried(work):") < text.index("@retried")
    assert 'getattr(error.__cause__, "sqlstate", None)' in text


def test_atomic_as_a_decorator_is_inside(tmp_path: Path) -> None:
    parcels.write(tmp_path)
    (tmp_path / "requirements.txt").write_text("django\npsycopg2\n")
    head, _, body = DJANGO.partition("    with transaction.atomic():\n")
    head = head.replace("def move", "@csrf_exempt\n@transaction.atomic\ndef move")
    text = rewritten(
        tmp_path,
        textwrap.indent(textwrap.dedent(body), "    "),
        library="django",
        lines=(16, 17),
        mechanism="stale-read",
        path="bank/moving.py",
        head=head,
    )
    assert text is not None
    ast.parse(text)
    assert "@csrf_exempt\n@retried\n@transaction.atomic\ndef move" in text
    assert "from django.db import OperationalError, connection, transaction\n" in text
    level = '        cursor.execute("SET TRANSACTION ISOLATION LEVEL SERIALIZABLE")\n'
    assert f"    with connection.cursor() as cursor:\n{level}    first = Account" in text
    assert 'getattr(error.__cause__, "pgcode", None)' in text


@pytest.mark.parametrize("how", SESSIONS)
def test_a_session_begins_at_serializable_and_is_rolled_back(tmp_path: Path, how: str) -> None:
    before, after, catches = SESSIONS[how]
    parcels.write(tmp_path)
    (tmp_path / "requirements.txt").write_text("sqlalchemy\nasyncpg\n")
    head = "from shop.db import Session, db, engine\n\n\n"
    first = 6 if "with" in before else 5
    text = rewritten(
        tmp_path,
        before,
        library="sqlalchemy",
        lines=(first, first + 1),
        mechanism="stale-read",
        path="shop/leaving.py",
        head=head,
    )
    assert text is not None
    ast.parse(text)
    assert after in text
    assert catches in text
    assert "from sqlalchemy.exc import DBAPIError\n" in text


@pytest.mark.parametrize(
    "body",
    [
        SESSIONS["given"][0].replace("async def", "@router.post('/')\nasync def"),
        SESSIONS["given"][0].replace("rows = await", "session.n += 1\n    rows = await"),
        SESSIONS["made"][0]
        .replace("    with", "    try:\n     with")
        .replace("        ", "         ")
        + "    except Exception:\n        log()\n",
    ],
)
def test_python_that_could_do_harm_is_left(tmp_path: Path, body: str) -> None:
    parcels.write(tmp_path)
    (tmp_path / "requirements.txt").write_text("sqlalchemy\nasyncpg\n")
    ast.parse(body)
    first = next(number for number, line in enumerate(body.splitlines(), 1) if "look(" in line)
    assert (
        rewritten(
            tmp_path,
            body,
            library="sqlalchemy",
            lines=(first, first + 1),
            mechanism="stale-read",
            path="shop/leaving.py",
            head="",
        )
        is None
    )
