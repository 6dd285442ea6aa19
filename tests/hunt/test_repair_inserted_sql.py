"""Rows that Python programs add by SQL of their own."""

from __future__ import annotations

import ast
from dataclasses import replace
from pathlib import Path

import pytest
import test_repair_python as shop

from redhanded.case.evidence import Location
from redhanded.case.hypothesis import RootLocation
from redhanded.hunt import repair

LOOKS = """\
import psycopg


def keep(conn, notice):
    known = conn.execute(
        "SELECT id, state FROM parcels WHERE bar_code_v2 = %s", (notice["code"],)
    ).fetchone()
    if known is not None:
        return {"id": known[0], "state": known[1]}
    row = conn.execute(
        "INSERT INTO parcels (bar_code_v2, depot) VALUES (%s, %s) RETURNING id",
        (notice["code"], notice["depot"]),
    ).fetchone()
    conn.execute("INSERT INTO scans (parcel) VALUES (%s)", (row[0],))
    return {"id": row[0], "state": "new"}
"""
TWO_STEPS = """\
def keep(cur, notice):
    cur.execute(
        '''
        INSERT INTO parcels (bar_code_v2, depot)
        VALUES (%(code)s, %(depot)s)
        RETURNING id
        ''',
        {"code": notice["code"], "depot": notice["depot"]},
    )
    key = cur.fetchone()[0]
    log.info("kept %s", key)
"""
ASYNCPG = """\
async def keep(connection, code, depot):
    key = await connection.fetchval(
        "INSERT INTO parcels (depot, bar_code_v2) VALUES ($1, $2) RETURNING id", depot, code
    )
    await connection.execute("INSERT INTO scans (parcel) VALUES ($1)", key)
    return key
"""
ALONE = """\
async def keep(connection, code):
    await connection.execute("INSERT INTO parcels (bar_code_v2) VALUES ($1)", code)
    await connection.execute("INSERT INTO scans (code) VALUES ($1)", code)
"""


def drafted(
    root: Path, text: str, library: str, columns: tuple[str, ...] = ("bar_code_v2",)
) -> str | None:
    ground = shop.ground_of(root, f"{text}\n\ndef more():\n    Parcel()\n")
    lines = text.splitlines()
    line = next(at for at, each in enumerate(lines, 1) if "INSERT INTO parcels" in each)
    create = Location(path="shop/store.py", line=line, function="keep")
    access = replace(ground.code.accesses[0], library=library, location=create, does="insert")
    places = [RootLocation(path=create.path, line=line, role="create", text="")]
    look = next((at for at, each in enumerate(lines, 1) if "SELECT" in each), None)
    if look is not None:
        places.append(RootLocation(path=create.path, line=look, role="look-up", text=""))
    reading = replace(
        access,
        access="read",
        does="read",
        columns=columns,
        location=Location(path=create.path, line=look or 1),
    )
    ground = replace(
        ground,
        code=replace(ground.code, accesses=(access, reading) if look else (access,)),
        cause=replace(ground.cause, locations=tuple(places)),
    )
    found = {each.key: each for each in repair.draft(ground)}
    if "b" not in found:
        return None
    after = found["b"].files["shop/store.py"]
    ast.parse(after)
    return after.partition("\n\n\ndef more")[0] + "\n"


def test_who_finds_it_is_answered_as_after_the_look(tmp_path: Path) -> None:
    after = drafted(tmp_path, LOOKS, "psycopg")
    assert after is not None
    assert (
        'VALUES (%s, %s) ON CONFLICT (bar_code_v2) DO NOTHING RETURNING id",\n'
        '        (notice["code"], notice["depot"]),\n'
        "    ).fetchone()\n"
        "    if row is None:\n"
        "        known = conn.execute(\n"
        '            "SELECT id, state FROM parcels WHERE bar_code_v2 = %s", (notice["code"],)\n'
        "        ).fetchone()\n"
        '        return {"id": known[0], "state": known[1]}\n'
        '    conn.execute("INSERT INTO scans'
    ) in after


def test_what_it_would_have_given_is_read(tmp_path: Path) -> None:
    after = drafted(tmp_path, TWO_STEPS, "psycopg2")
    assert after is not None
    assert (
        "        VALUES (%(code)s, %(depot)s)\n"
        "        ON CONFLICT (bar_code_v2) DO NOTHING\n"
        "        RETURNING id\n"
    ) in after
    assert (
        "    )\n"
        "    if cur.rowcount == 0:\n"
        '        cur.execute("SELECT id FROM parcels WHERE bar_code_v2 = %s", (notice["code"],))\n'
    ) in after
    assert "    key = cur.fetchone()[0]\n" in after


def test_asyncpg_gives_none_where_the_row_was_there(tmp_path: Path) -> None:
    after = drafted(tmp_path, ASYNCPG, "asyncpg")
    assert after is not None
    look = 'connection.fetchval("SELECT id FROM parcels WHERE bar_code_v2 = $1", code)'
    assert (
        'DO NOTHING RETURNING id", depot, code\n'
        "    )\n"
        "    if key is None:\n"
        f"        key = await {look}\n"
        "        return key\n"
        "    await connection.execute("
    ) in after


def test_what_follows_is_left_out_where_the_row_was_there(tmp_path: Path) -> None:
    after = drafted(tmp_path, ALONE, "asyncpg")
    assert after is not None
    assert (
        "    added = await connection.execute("
        '"INSERT INTO parcels (bar_code_v2) VALUES ($1) ON CONFLICT (bar_code_v2) DO NOTHING", '
        "code)\n"
        '    if added == "INSERT 0 0":\n'
        "        return\n"
    ) in after


def test_nothing_more_than_the_row_needs_no_answer(tmp_path: Path) -> None:
    only = ALONE.rpartition("    await")[0]
    after = drafted(tmp_path, only, "asyncpg")
    assert after is not None
    assert "added" not in after and "DO NOTHING" in after


LEFT = {
    "a refusal that is answered": ALONE.replace(
        '    await connection.execute("INSERT INTO parcels',
        '    UniqueViolationError\n    await connection.execute("INSERT INTO parcels',
    ),
    "a text that is put together": ALONE.replace(
        '("INSERT INTO parcels', '(f"INSERT INTO parcels {p}'
    ),
    "a part of something else": ASYNCPG.replace("key = await", "key = 1 + await"),
    "a clause that is there": ALONE.replace(
        'VALUES ($1)"', 'VALUES ($1) ON CONFLICT DO NOTHING"', 1
    ),
    "a value that is computed": ASYNCPG.replace("VALUES ($1, $2)", "VALUES ($1, lower($2))"),
}


@pytest.mark.parametrize("what", LEFT)
def test_what_is_not_understood_is_left_alone(tmp_path: Path, what: str) -> None:
    assert LEFT[what] not in (ALONE, ASYNCPG)
    assert drafted(tmp_path, LEFT[what], "asyncpg") is None


def test_who_was_refused_is_refused_again(tmp_path: Path) -> None:
    """And not told of the row as if it were its own."""
    text = LOOKS.replace('return {"id": known[0], "state": known[1]}', "raise Taken(known[0])")
    after = drafted(tmp_path, text, "psycopg")
    assert after is not None
    assert "    if row is None:\n        known = conn.execute(" in after
    assert after.count("        raise Taken(known[0])\n") == 2


def test_a_cursor_by_any_name_tells_by_its_count(tmp_path: Path) -> None:
    after = drafted(tmp_path, TWO_STEPS.replace("cur", "c"), "psycopg2")
    assert after is not None
    assert "    if c.rowcount == 0:\n        c.execute(" in after


OF_LOOKS = {
    "a look with more to it": ("known is not None", "known and known[1] == 1"),
    "a look that answers who finds none": ("known is not None", "not known"),
    "a look beside which something is done": (
        "    if known is",
        '    metrics.inc("seen")\n    if known is',
    ),
    "a refusal that the program knows": ("import psycopg\n", "import psycopg  # 23505\n"),
    "one that is caught": (
        "    row = conn",
        "    try:\n        g()\n    except psycopg.IntegrityError:\n        pass\n    row = conn",
    ),
    "a connection that is given back": (
        '    conn.execute("INSERT INTO scans',
        '    pool.putconn(conn)\n    conn.execute("INSERT INTO scans',
    ),
    "a cursor that is taken from": (
        '    ).fetchone()\n    conn.execute("INSERT INTO scans',
        '    )\n    conn.execute("INSERT INTO scans',
    ),
    "what is asked for has another name": ("INTO parcels (", "INTO parcels AS p ("),
}


@pytest.mark.parametrize("what", OF_LOOKS)
def test_an_answer_that_is_not_understood_is_left_alone(tmp_path: Path, what: str) -> None:
    text = LOOKS.replace(*OF_LOOKS[what])
    assert text != LOOKS
    assert drafted(tmp_path, text, "psycopg") is None


def test_a_look_by_other_columns_is_no_answer(tmp_path: Path) -> None:
    assert drafted(tmp_path, LOOKS, "psycopg", ("owner",)) is None


@pytest.mark.parametrize(
    "change",
    [
        ("key = await", "rows = await"),
        (", depot, code", ", depot, next(code)"),
        (", depot, code", ", *code"),
        ("    key = await", "    if code: key = await"),
    ],
)
def test_what_may_be_something_else_the_second_time(
    tmp_path: Path, change: tuple[str, str]
) -> None:
    text = ASYNCPG.replace(*change)
    if "rows" in text:
        text = text.replace("fetchval", "fetch")
    assert drafted(tmp_path, text, "asyncpg") is None
