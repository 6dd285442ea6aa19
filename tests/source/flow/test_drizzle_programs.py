"""Drizzle in whole programs."""

from __future__ import annotations

from pathlib import Path as File

import pytest
from written_programs import charted, events, path_of

from redhanded.source.flow.effects import Effect
from redhanded.source.flow.events import Event
from redhanded.source.flow.values import Input, Known, Record, Stored

FILES = {
    "package.json": '{"dependencies": {"drizzle-orm": "0.36", "express": "4"}}',
    "src/schema.ts": """
    import { pgTable, serial, integer, text, unique } from 'drizzle-orm/pg-core';
    export const seats = pgTable('seats', {
      id: serial('id').primaryKey(),
      showId: integer('show_id').notNull(),
      row: text(),
      free: integer('free'),
    }, (t) => [unique().on(t.showId, t.row)]);
    export const shows = pgTable('shows', { id: serial('id').primaryKey() });
""",
    "src/db.ts": """
    import { drizzle } from 'drizzle-orm/node-postgres';
    import { Pool } from 'pg';
    import * as schema from './schema';
    export const db = drizzle(new Pool(), { schema });
""",
}


def found(tmp_path: File, body: str) -> list[tuple[Event, Effect]]:
    app = f"""
    import express from 'express';
    import {{ eq, and, gt, sql, inArray }} from 'drizzle-orm';
    import {{ db }} from './db';
    import {{ seats, shows }} from './schema';
    const app = express();
    app.post('/seats/:id', async (req, res) => {{
      {body}
      res.json({{}});
    }});
"""
    return events(path_of(charted(tmp_path, {**FILES, "src/app.ts": app}), "POST /seats/:id"))


@pytest.mark.parametrize(
    "body",
    [
        "const [s] = await db.select().from(seats)"
        ".where(and(eq(seats.showId, req.body.show), gt(seats.free, 0))).limit(1);",
        "await db.query.seats.findFirst({"
        " where: and(eq(seats.showId, req.body.show), gt(seats.free, 0)) });",
        "await db.execute(sql`SELECT * FROM ${seats}"
        " WHERE ${seats.showId} = ${req.body.show} AND free > 0 LIMIT 1`);",
    ],
    ids=["select", "query", "sql"],
)
def test_one_row_is_read(tmp_path: File, body: str) -> None:
    ((_, read),) = found(tmp_path, body)
    assert (read.kind, read.subject, read.many) == ("read", "seats", False)
    assert read.where == {"show_id": Input("request", ("body", "show"))}
    assert read.ranges == {"free": Known(0)}


def test_what_the_database_computes(tmp_path: File) -> None:
    body = "await db.update(seats).set({ free: sql`${seats.free} - 1` }).where(eq(seats.id, 7));"
    ((_, update),) = found(tmp_path, body)
    assert (update.kind, update.where) == ("update", {"id": Known(7)})
    assert update.values == {"free": Stored("free - 1", ("free",))}


@pytest.mark.parametrize(
    ("end", "kind", "conflict"),
    [
        ("", "insert", ""),
        (".returning()", "insert", ""),
        (".onConflictDoNothing()", "upsert", "ignore"),
        (
            ".onConflictDoUpdate({ target: [seats.showId, seats.row], set: { free: 1 } })",
            "upsert",
            "update",
        ),
    ],
)
def test_rows_are_added(tmp_path: File, end: str, kind: str, conflict: str) -> None:
    body = f"await db.insert(seats).values({{ showId: 1, row: 'a' }}){end};"
    ((_, added),) = found(tmp_path, body)
    assert (added.kind, added.subject, added.conflict) == (kind, "seats", conflict)
    assert added.values == {"show_id": Known(1), "row": Known("a")}
    if conflict == "update":
        assert added.conflict_columns == ("show_id", "row")
        assert added.options["set"] == Record({"free": Known(1)})


def test_a_transaction_with_a_lock(tmp_path: File) -> None:
    body = """
      await db.transaction(async (tx) => {
        await tx.select().from(seats).where(eq(seats.id, 7)).for('update', { skipLocked: true });
        await tx.delete(seats).where(eq(seats.id, 7));
        await db.delete(shows).where(eq(shows.id, 1));
      }, { isolationLevel: 'serializable' });
    """
    begin, read, delete, outside = found(tmp_path, body)
    assert (begin[1].kind, begin[1].isolation) == ("begin", "serializable")
    assert (read[1].lock, read[1].options["wait"]) == ("update", Known("skip locked"))
    assert delete[0].transaction is not None and outside[0].transaction is None


def test_nothing_is_sent_before_it_is_awaited(tmp_path: File) -> None:
    assert found(tmp_path, "const q = db.select().from(seats); const c = eq(seats.id, 1);") == []


@pytest.mark.parametrize("name", ["setWhere", "where"])
def test_a_row_that_is_there_is_changed_under_a_condition(tmp_path: File, name: str) -> None:
    body = (
        "await db.insert(seats).values({ showId: 1, row: 'a', free: 1 })"
        ".onConflictDoUpdate({ target: [seats.showId, seats.row], set: { free: 1 }{end} });"
    )
    condition = f", {name}: sql`${{seats.free}} < 1`"
    ((_, changed),) = found(tmp_path / "under", body.replace("{end}", condition))
    ((_, always),) = found(tmp_path / "always", body.replace("{end}", ""))
    assert "set_where" in changed.options and "set_where" not in always.options
