"""Rows that Python programs read and write back by SQL of their own."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
import test_repair_python as shop
from lost_updates import read_then_written

from redhanded.hunt import repair

PSYCOPG = """\
import psycopg


def change(plate, cents):
    with psycopg.connect(URL, autocommit=True) as conn:
        row = conn.execute("SELECT cents FROM wallets WHERE plate = %s", (plate,)).fetchone()
        if row[0] < cents:

            raise TooLow(plate)
        conn.execute("UPDATE wallets SET cents = %s WHERE plate = %s", (row[0] - cents, plate))
    notify(plate)
"""
ASYNCPG = """\
import asyncpg


async def change(plate, cents):
    async with pool.acquire() as connection:
        row = await connection.fetchrow(
            '''
            SELECT cents
            FROM wallets
            WHERE plate = $1
            ''',
            plate,
        )
        left = max(row["cents"] - cents, 0)
        await connection.execute("UPDATE wallets SET cents = $1 WHERE plate = $2", left, plate)
    return left
"""


def ground_of(root: Path, text: str, library: str, *, together: bool) -> repair.Ground:
    text = f"{text}\n\ndef more():\n    Parcel()\n"
    ground = shop.ground_of(root, text)
    lines = text.splitlines()
    read, write = (
        next(at for at, line in enumerate(lines, 1) if word in line)
        for word in ("# read" if "# read" in text else "SELECT", "UPDATE")
    )
    return read_then_written(
        ground,
        path="shop/store.py",
        library=library,
        lines=(read, write),
        in_transaction=together,
        transaction=1 if together else None,
    )


def drafted(root: Path, text: str, library: str, *, together: bool = True) -> str | None:
    found = {
        each.key: each for each in repair.draft(ground_of(root, text, library, together=together))
    }
    if "d" not in found:
        return None
    after = found["d"].files["shop/store.py"]
    ast.parse(after)
    return after


LOCKED = {
    "psycopg": (
        'cur.execute("SELECT cents FROM wallets WHERE plate = %s", (plate,))',
        '"SELECT cents FROM wallets WHERE plate = %s FOR UPDATE", (plate,))',
    ),
    "psycopg2": (
        'cur.execute("SELECT cents FROM wallets "\n                "WHERE plate = %s;", (plate,))',
        '"WHERE plate = %s FOR UPDATE;", (plate,))',
    ),
    "psycopg of a composed text": (
        'cur.execute(sql.SQL("SELECT cents FROM {}").format(t))',
        'sql.SQL("SELECT cents FROM {} FOR UPDATE").format(t))',
    ),
    "asyncpg": (
        'c.fetchrow(f"SELECT cents FROM wallets WHERE {what} = $1", plate)',
        'f"SELECT cents FROM wallets WHERE {what} = $1 FOR UPDATE", plate)',
    ),
    "sqlalchemy": (
        'db.execute(text("SELECT cents FROM wallets WHERE p = :p").bindparams(p=1)).one()',
        'text("SELECT cents FROM wallets WHERE p = :p FOR UPDATE").bindparams(p=1)).one()',
    ),
    "django": (
        "cursor.execute('SELECT cents FROM wallets WHERE p = %s', [plate])",
        "'SELECT cents FROM wallets WHERE p = %s FOR UPDATE', [plate])",
    ),
    "asyncpg on lines of its own": (
        "c.fetchval('''\n        SELECT cents\n        FROM wallets\n    ''')",
        "\n        FROM wallets\n        FOR UPDATE\n    ''')",
    ),
}


def call(read: str) -> str:
    return f"def change(cur, plate):\n    row = {read}\n    cur.execute('UPDATE wallets')\n"


@pytest.mark.parametrize("way", LOCKED)
def test_the_text_is_given_the_clause(tmp_path: Path, way: str) -> None:
    read, expected = LOCKED[way]
    after = drafted(tmp_path, call(read), way.partition(" ")[0])
    assert after is not None
    assert expected in after


def test_a_text_with_a_name_is_edited_where_nobody_else_uses_it(tmp_path: Path) -> None:
    named = 'READ = "SELECT cents FROM wallets WHERE plate = %s"\n\n\n'
    body = named + call("cur.execute(READ, (plate,))  # read")
    after = drafted(tmp_path, body, "psycopg")
    assert after is not None and 'plate = %s FOR UPDATE"\n' in after
    assert (
        drafted(tmp_path, f"{body}\n\ndef other(cur):\n    cur.execute(READ)\n", "psycopg") is None
    )


UNLOCKABLE = (
    'cur.execute("SELECT cents FROM wallets -- the plate")',
    'cur.execute("SELECT cents FROM wallets; -- done")',
    'cur.execute("SELECT json_agg(w) FROM wallets w")',
    'cur.execute("SELECT EXISTS(SELECT 1 FROM wallets)")',
    'cur.execute("SELECT row_number() OVER (ORDER BY id) FROM wallets")',
    'cur.execute("SELECT a FROM wallets", cur.execute("SELECT id FROM plates"))',
    'cur.execute("SELECT count(*) FROM wallets")',
    'cur.execute("SELECT cents FROM wallets FOR UPDATE")',
    'cur.execute("SELECT a FROM wallets JOIN owners USING (id)")',
    'cur.execute("SELECT cents FROM " + table)  # SELECT',
    'load(cur, "SELECT cents FROM wallets")',
)


@pytest.mark.parametrize("read", UNLOCKABLE)
def test_what_cannot_be_locked_is_left_alone(tmp_path: Path, read: str) -> None:
    assert drafted(tmp_path, call(read), "psycopg") is None


def test_a_transaction_of_psycopg_around_both(tmp_path: Path) -> None:
    after = drafted(tmp_path, PSYCOPG, "psycopg", together=False)
    assert after is not None
    assert after[after.index("    with psy") : after.index("\n\n\ndef more")] == (
        "    with psycopg.connect(URL, autocommit=True) as conn:\n"
        "        with conn.transaction():\n"
        '            row = conn.execute("SELECT cents FROM wallets WHERE plate = %s FOR UPDATE", '
        "(plate,)).fetchone()\n"
        "            if row[0] < cents:\n"
        "\n"
        "                raise TooLow(plate)\n"
        '            conn.execute("UPDATE wallets SET cents = %s WHERE plate = %s", '
        "(row[0] - cents, plate))\n"
        "    notify(plate)"
    )


def test_a_transaction_of_asyncpg_around_both(tmp_path: Path) -> None:
    after = drafted(tmp_path, ASYNCPG, "asyncpg", together=False)
    assert after is not None
    assert "        async with connection.transaction():\n            row = await conn" in after
    assert "            WHERE plate = $1\n            FOR UPDATE\n            ''',\n" in after
    assert "            await connection.execute(" in after
    assert "\n    return left\n" in after


@pytest.mark.parametrize(
    ("change", "library", "expected"),
    [
        (
            ("        row", "        cur = conn.cursor()\n        row"),
            "psycopg",
            "with cur.connection.transaction():",
        ),
        (("", ""), "psycopg_pool", "        with conn.transaction():\n            row"),
        (
            ("with psycopg.connect(URL, autocommit=True) as conn:", "if plate:"),
            "psycopg",
            "        with conn.transaction():\n            row",
        ),
    ],
)
def test_in_the_words_of_the_connection(
    tmp_path: Path, change: tuple[str, str], library: str, expected: str
) -> None:
    text = PSYCOPG.replace(*change) if change[0] else PSYCOPG
    if "cursor()" in text:
        text = text.replace("conn.execute(", "cur.execute(")
    if "if plate:" in text:
        text = text.replace("change(plate", "change(conn, plate")
    after = drafted(tmp_path, text, library, together=False)
    assert after is not None and expected in after


HARMFUL = {
    "another connection": ("            raise", "            audit(plate)\n            raise"),
    "another object": ("            raise", "            self.audit(plate)\n            raise"),
    "a commit between": ("            raise", "            conn.commit()\n            raise"),
    "an error that is caught": (
        "        if row",
        "        try:\n            f()\n        except E:\n            pass\n        if row",
    ),
    "another's object": ("            raise", "            repo.touch(plate)\n            raise"),
    "a call to somebody else": (
        "            raise",
        "            httpx.post(URL)\n            raise",
    ),
    "what is written before it is refused": (
        "        if row",
        "        conn.execute('INSERT INTO attempts DEFAULT VALUES')\n        if row",
    ),
    "a pool": ("psycopg.connect(URL, autocommit=True)", "ConnectionPool(URL)"),
    "two connections": ("        conn.execute(", "        second.execute("),
    "a connection for each": (
        "        conn.execute(",
        "        conn = psycopg.connect(URL)\n        conn.execute(",
    ),
}


@pytest.mark.parametrize("what", HARMFUL)
def test_what_a_transaction_could_harm_is_left_alone(tmp_path: Path, what: str) -> None:
    text = PSYCOPG.replace(*HARMFUL[what])
    assert text != PSYCOPG
    text += (
        "\n\ndef audit(plate):\n    with psycopg.connect(URL) as own:\n        own.execute('')\n"
    )
    assert drafted(tmp_path, text, "psycopg", together=False) is None


def test_what_is_waited_for_beside_the_connection_is_left_outside(tmp_path: Path) -> None:
    text = ASYNCPG.replace(
        "        left = max(", "        await cache.get(plate)\n        left = max("
    )
    assert text != ASYNCPG
    assert drafted(tmp_path, text, "asyncpg", together=False) is None


def test_psycopg_2_is_left_alone(tmp_path: Path) -> None:
    """Its connection cannot be entered a second time."""
    assert drafted(tmp_path, PSYCOPG, "psycopg2", together=False) is None
