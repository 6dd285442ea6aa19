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


@pytest.mark.parametrize(
    ("said", "is_level"),
    [
        ("{ isolationLevel: Level.SERIALIZABLE }", True),
        ("{ isolationLevel: 'serializable' }", True),
        ("serializableOptions", True),
        ("{ logging: isSerializable }", False),
    ],
)
def test_a_name_that_only_sounds_like_the_level(tmp_path: Path, said: str, is_level: bool) -> None:
    body = SEQUELIZE.replace("transaction(async", f"transaction({said}, async")
    text = rewritten(tmp_path, body, library="sequelize", lines=(3, 4), mechanism="stale-read")
    assert text is not None
    check(tmp_path, text)
    assert ("'SERIALIZABLE'" in text) != is_level


def test_a_file_with_other_line_ends_keeps_them(tmp_path: Path) -> None:
    """And its diff can be applied, as ``rewritten`` shows."""
    body = SEQUELIZE.replace("\n", "\r\n")
    head = HEAD.replace("\n", "\r\n")
    ground = story(tmp_path, f"{body}}}\r\n", "sequelize", (3, 4), head=head)
    (found,) = repair.draft(ground)
    (tmp_path / "p.diff").write_bytes(found.diff.encode())
    subprocess.run(["git", "apply", "p.diff"], cwd=tmp_path, check=True)
    applied = (tmp_path / "src/moving.js").read_bytes()
    assert b"retried(() => sequelize" in applied
    assert applied.count(b"\n") == applied.count(b"\r\n")
    assert b"\r\r" not in applied


def test_a_file_that_is_not_utf_8_is_said(tmp_path: Path) -> None:
    ground = story(tmp_path, SEQUELIZE, "sequelize", (3, 4))
    file = tmp_path / "src/moving.js"
    file.write_bytes(file.read_bytes() + "// Überweisung\n".encode("latin-1"))
    assert repair.draft(ground) == ()
    (said,) = repair.refused(ground)
    assert "moving.js is not UTF-8 at byte" in said


HARMFUL = {
    "no ROLLBACK": BY_HAND.replace("    await client.query('ROLLBACK');\n", ""),
    "a transaction that may be another's": BY_HAND.replace(
        "    await client.query('BEGIN');", "    if (!from.open) await client.query('BEGIN');"
    ),
    "a second transaction": BY_HAND.replace(
        "    await client.query('COMMIT');\n",
        "    await client.query('COMMIT');\n    await client.query('BEGIN');\n",
    ),
    "something done outside": BY_HAND.replace(
        "BEGIN');\n", "BEGIN');\n    await axios.post(from);\n"
    ),
    "a sum that is set": BY_HAND.replace("BEGIN');\n", "BEGIN');\n    from.n = from.n + 1;\n"),
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
    assert "if (await meet() === 0) await meet();" in text
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
AT_LEVEL = 'connection(execution_options={"isolation_level": "SERIALIZABLE"})'
LEVEL = f"session.{AT_LEVEL}"
SESSIONS = {
    "made": (
        """\
def leave(shift_id, day):
    with Session(engine) as session, session.begin():
        rows = look(session, day)
        act(session, rows)
""",
        f"session.begin():\n        {LEVEL}\n        rows",
    ),
    "made by a factory": (
        """\
async def leave(shift_id, day):
    async with Session.begin() as session:
        rows = await look(session, day)
        await act(session, rows)
""",
        f"as session:\n        await {LEVEL}\n        rows",
    ),
    "begun inside": (
        """\
def leave(shift_id, day):
    with Session(engine) as session:
        with session.begin():
            rows = look(session, day)
            act(session, rows)
""",
        f"session.begin():\n            {LEVEL}\n            rows",
    ),
    "committed": (
        """\
def leave(shift_id, day):
    with SessionLocal() as session:
        rows = look(session, day)
        act(session, rows)
        session.commit()
""",
        f"as session:\n        {LEVEL}\n        rows",
    ),
    "given": (
        """\
async def leave(session, shift_id, day):
    rows = await look(session, day)
    await act(session, rows)
    await session.commit()
""",
        """\
    async def again(session, *args, **kwargs):
        if session.in_transaction():  # It is for who has begun it to run it again.
            return await work(session, *args, **kwargs)
""",
    ),
    "given by its name": (
        """\
@fastapi_router.post('/leave')
async def leave(shift_id: int, session: SessionDep):
    rows = await look(session, day)
    await act(session, rows)
    await session.commit()
""",
        """\
    async def again(*args, **kwargs):
        if kwargs["session"].in_transaction():  # It is for who has begun it to run it again.
            return await work(*args, **kwargs)
""",
    ),
    "of the module": (
        """\
def leave(shift_id, day):
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
    assert "            except OperationalError as error:\n" in text
    assert "                cause = error.__cause__\n" in text


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
    level = '            cursor.execute("SET TRANSACTION ISOLATION LEVEL SERIALIZABLE")\n'
    assert f"        with connection.cursor() as cursor:\n{level}    first = Account" in text


def left(root: Path, body: str, mechanism: str) -> str | None:
    parcels.write(root)
    rows = [number for number, line in enumerate(body.splitlines(), 4) if "session, " in line]
    return rewritten(
        root,
        body,
        library="sqlalchemy",
        lines=tuple(rows[-2:]),
        mechanism=mechanism,
        path="shop/leaving.py",
        head="from shop.db import Session, db, engine\n\n\n",
    )


@pytest.mark.parametrize("how", SESSIONS)
def test_a_session_is_run_again(tmp_path: Path, how: str) -> None:
    """One that is new begins at SERIALIZABLE, another one where nobody has begun it."""
    body, expected = SESSIONS[how]
    is_new = how in ("made", "made by a factory", "begun inside", "committed")
    text = left(tmp_path, body, "stale-read")
    assert text is not None
    ast.parse(text)
    assert expected in text
    assert "@retried\n" in text
    assert "from sqlalchemy.exc import DBAPIError\n" in text
    assert text.count(AT_LEVEL) == 1
    assert ("rollback()" in text) == (not is_new)
    in_the_helper = text.index(AT_LEVEL) < text.index("@retried")
    assert in_the_helper == (not is_new)
    again = left(tmp_path, body, "opposite-lock-order")
    assert again is not None and AT_LEVEL not in again


PLAIN = SESSIONS["made"][0]
HARMFUL_PYTHON = {
    "something gives the session by its name": SESSIONS["given"][0].replace(
        "async def", "@command('leave')\nasync def"
    ),
    "a row of others": PLAIN.replace("        rows", "        day.n += 1\n        rows"),
    "a list of the module": PLAIN.replace("        rows", "        SEEN.append(day)\n        rows"),
    "a mail": PLAIN.replace("        rows", "        send_mail(day)\n        rows"),
    "whether the row is new": PLAIN.replace(
        "        rows", "        day = self._state.adding and day\n        rows"
    ),
    "a request": PLAIN.replace("        rows", "        httpx.post(day)\n        rows"),
    "what is used up": PLAIN.replace("day):", "day: Iterator[str]):"),
    "an error that is caught": PLAIN.replace(
        "        act(session, rows)\n",
        "        try:\n            act(session, rows)\n        except Exception:\n            1\n",
    ),
    "a loop": PLAIN.replace("    with", "    for _ in day:\n     with").replace(
        "        ", "         "
    ),
    "two of them": PLAIN + "    with Session(engine) as session, session.begin():\n        pass\n",
    "another library": PLAIN.replace("Session(engine)", "connect()").replace(
        "session.begin()", "retried.begin()"
    ),
}


@pytest.mark.parametrize("what", HARMFUL_PYTHON)
def test_python_that_could_do_harm_is_left(tmp_path: Path, what: str) -> None:
    body = HARMFUL_PYTHON[what]
    assert body not in (PLAIN, SESSIONS["given"][0])
    ast.parse(body)
    assert left(tmp_path, body, "opposite-lock-order") is None


CONNECTIONS = {
    "asyncpg, given": (
        "asyncpg",
        """\
async def leave(connection, day):
    async with connection.transaction():
        rows = await look(connection, day)
        await act(connection, rows)
""",
        (
            "    async def again(connection, *args, **kwargs):\n"
            "        if connection.is_in_transaction():  # It is for who has begun it to run it",
            "            except (DeadlockDetectedError, SerializationError):\n",
            "from asyncpg import DeadlockDetectedError, SerializationError\n",
            'connection.transaction(isolation="serializable"):',
        ),
    ),
    "asyncpg, of a route": (
        "asyncpg",
        """\
@router.post("/fastapi")
async def leave(day: str, connection=Depends(connection)):
    async with connection.transaction(readonly=False):
        rows = await look(connection, day)
        await act(connection, rows)
""",
        (
            "    async def again(*args, **kwargs):\n"
            '        if kwargs["connection"].is_in_transaction():',
            '@router.post("/fastapi")\n@retried\nasync def leave(',
            'connection.transaction(readonly=False, isolation="serializable"):',
        ),
    ),
    "asyncpg, made": (
        "asyncpg",
        """\
async def leave(day):
    async with pool.acquire() as connection, connection.transaction():
        rows = await look(connection, day)
        await act(connection, rows)
""",
        ("    async def again(*args, **kwargs):\n        attempts = 10\n",),
    ),
    "psycopg, made by a pool": (
        "psycopg_pool",
        """\
def leave(day):
    with pool.connection() as connection:
        rows = look(connection, day)
        act(connection, rows)
""",
        (
            "    def again(*args, **kwargs):\n        attempts = 10\n",
            "            except (DeadlockDetected, SerializationFailure):\n",
            "from psycopg.errors import DeadlockDetected, SerializationFailure\n",
            "    with pool.connection() as connection:\n"
            '        connection.execute("SET TRANSACTION ISOLATION LEVEL SERIALIZABLE")\n'
            "        rows = look(",
        ),
    ),
    "psycopg, given": (
        "psycopg",
        """\
def leave(conn, day):
    with conn.transaction():
        rows = look(connection, day)
        act(connection, rows)
""",
        ("        if conn.info.transaction_status:  # It is for who has begun it",),
    ),
}


def connected(root: Path, body: str, library: str, mechanism: str) -> str | None:
    parcels.write(root)
    rows = [at for at, line in enumerate(body.splitlines(), 4) if "(connection, " in line]
    return rewritten(
        root,
        body,
        library=library,
        lines=tuple(rows[-2:]),
        mechanism=mechanism,
        path="shop/leaving.py",
        head="from shop.db import pool, router  # fastapi\n\n\n",
    )


@pytest.mark.parametrize("how", CONNECTIONS)
def test_what_runs_on_a_connection_is_run_again(tmp_path: Path, how: str) -> None:
    library, body, expected = CONNECTIONS[how]
    text = connected(tmp_path, body, library, "stale-read")
    assert text is not None
    ast.parse(text)
    assert [each for each in expected if each not in text] == []
    assert "import functools\n" in text and "@retried\n" in text
    again = connected(tmp_path, body, library, "opposite-lock-order")
    assert again is not None and "serializable" not in again.lower()


MADE, GIVEN = CONNECTIONS["psycopg, made by a pool"][1], CONNECTIONS["asyncpg, given"][1]
HARMFUL_CONNECTIONS = {
    "something before it": MADE.replace("    with", "    charge(day)\n    with"),
    "something before it on the connection": MADE.replace(
        "        rows",
        "        begin(connection, day)\n        with connection.transaction():\n            rows",
    ).replace("        act", "            act"),
    "what is used up": MADE.replace(
        "        rows", "        for _ in day:\n            pass\n        rows"
    ),
    "the next of something": MADE.replace("        rows", "        next(day)\n        rows"),
    "a connection that is kept where it fails": MADE.replace(
        "    with pool.connection() as connection:",
        "    connection = pool.connection()\n    with connection.transaction():",
    ),
    "a block on one line": MADE.replace(":\n        rows", ": rows").replace(
        "\n        act", "; act"
    ),
    "a COMMIT by hand": MADE.replace("        rows", "        connection.commit()\n        rows"),
    "a loop": MADE.replace("    with", "    for _ in day:\n     with").replace(
        "        ", "         "
    ),
    "two of them": MADE + "    with pool.connection() as other:\n        pass\n",
    "a connection that commits by itself": MADE.replace("    with", "    autocommit = 1\n    with"),
    "a mail": MADE.replace("        rows", "        send_mail(day)\n        rows"),
    "an error that is caught": MADE.replace(
        "        act(connection, rows)\n",
        "        try:\n            act(connection, rows)\n        except Error:\n            1\n",
    ),
    "a pool, by no name": MADE.replace(" as connection", ""),
    "a connection that stands elsewhere": MADE.replace("(day)", "(day, connection)").replace(
        "pool.connection() as connection", "connection.transaction()"
    ),
    "something gives it by its name": MADE.replace("def", "@command\ndef")
    .replace("(day)", "(connection, day)")
    .replace("pool.connection() as connection", "connection.transaction()"),
    "an object's": MADE.replace("pool.connection() as connection", "self.connection.transaction()"),
}


@pytest.mark.parametrize("what", HARMFUL_CONNECTIONS)
def test_a_connection_that_could_do_harm_is_left(tmp_path: Path, what: str) -> None:
    body = HARMFUL_CONNECTIONS[what]
    assert body != MADE
    ast.parse(body)
    assert connected(tmp_path, body, "psycopg", "opposite-lock-order") is None


ANSWERING = """\
  const client = await pool.connect();
  try {
    await client.query('BEGIN');
    const { rows } = await client.query('UPDATE accounts SET cents = 1 WHERE id = $1', [from]);
    if (rows.length === 0) throw new Missing(from);
    await client.query('UPDATE accounts SET cents = 2 WHERE id = $1', [to]);
    await client.query('COMMIT');
    res.json(rows[0]);
  } catch (error) {
    await client.query('ROLLBACK');
    res.status(500).json({ error: error.message });
  } finally {
    client.release();
  }
"""


def test_a_handler_that_answers_what_it_catches_is_run_again_in_part(tmp_path: Path) -> None:
    text = rewritten(tmp_path, ANSWERING, library="pg", lines=(5, 7))
    assert text is not None
    check(tmp_path, text)
    assert (
        "  try {\n"
        "    const rows = await retried(async () => {\n"
        "      await client.query('BEGIN');\n"
        "      const { rows } = await client.query("
    ) in text
    assert (
        "      await client.query('COMMIT');\n"
        "      return rows;\n"
        "    }, () => client.query('ROLLBACK'));\n"
        "    res.json(rows[0]);\n"
    ) in text
    assert "async function retried(transaction, rollback, attempts = 10) {\n" in text
    assert "throw error;\n      await rollback();\n" in text


def test_what_is_waited_for_before_it_is_not_done_again(tmp_path: Path) -> None:
    body = BY_HAND.replace("  const client", "  await pool.query('SELECT 1');\n  const client")
    text = rewritten(tmp_path, body, library="pg", lines=(6, 12))
    assert text is not None
    check(tmp_path, text)
    assert "  await pool.query('SELECT 1');\n  const client = await pool.connect();\n  try" in text
    assert "    await retried(async () => {\n      await client.query('BEGIN');\n" in text


def test_what_the_failing_run_wrote_beside_it_would_be_written_again(tmp_path: Path) -> None:
    ground = story(tmp_path, BY_HAND, "pg", (5, 11))
    assert "s" in {each.key for each in repair.draft(ground)}
    run = ground.reproduction.run
    assert run is not None
    beside = replace(run.operations[0], index=90, transaction=None, connection=9)
    more = replace(run, operations=(*run.operations, beside))
    ground = replace(ground, reproduction=replace(ground.reproduction, run=more))
    assert repair.draft(ground) == ()


@pytest.mark.parametrize("way", ["ON CONFLICT", "findOrCreate"])
def test_what_adds_only_what_is_not_there_may_come_again(tmp_path: Path, way: str) -> None:
    ground = story(tmp_path, BY_HAND, "pg", (5, 11))
    run = ground.reproduction.run
    assert run is not None
    first = run.operations[0]
    beside = replace(first, index=90, transaction=None, connection=9, text=f"{way} DO NOTHING")
    more = replace(run, operations=(*run.operations, beside))
    made = replace(ground.code.accesses[0], method=way)
    code = replace(ground.code, accesses=(made, *ground.code.accesses[1:]))
    ground = replace(ground, code=code, reproduction=replace(ground.reproduction, run=more))
    assert [each.key for each in repair.draft(ground)] == ["s"]


def test_nothing_else_is_drafted_against_a_level_that_is_too_weak(tmp_path: Path) -> None:
    """An index on what is looked at would keep other rows out."""
    ground = story(tmp_path, SEQUELIZE, "sequelize", (3, 4), "wrong-isolation-level")
    look = replace(ground.code.accesses[0], method="findOne", access="read", columns=("id",))
    first, second = ground.cause.locations
    cause = replace(ground.cause, locations=(replace(first, role="look-up"), second))
    code = replace(ground.code, accesses=(look, *ground.code.accesses[1:]))
    ground = replace(ground, code=code, cause=cause)
    other = replace(cause, mechanism="create-without-unique-constraint")
    assert [each.key for each in repair.draft(replace(ground, cause=other))] == ["c"]
    assert [each.key for each in repair.draft(ground)] == ["s"]


def test_a_statement_that_is_seen_outside_of_what_commits_it_is_not_left_behind(
    tmp_path: Path,
) -> None:
    """Only the helper that commits would be run again, with what was read before it."""
    body = """\
def leave(shift_id, day):
    shift = look(db.session, day)
    keep(db.session, shift)


def keep(session, shift):
    session.add(shift)
    session.commit()
"""
    assert left(tmp_path, body, "opposite-lock-order") is None
