"""The schema that migrations of Kysely leave."""

from __future__ import annotations

from written_schemas import columns, of, uniques

FIRST = """
    import { Kysely, sql } from 'kysely';
    export async function up(db: Kysely<unknown>): Promise<void> {
      await db.schema
        .createTable('seats')
        .addColumn('id', 'serial', (col) => col.primaryKey())
        .addColumn('code', 'varchar', (col) => col.notNull().unique())
        .addColumn('show_id', 'integer', (col) => col.references('shows.id').notNull())
        .addColumn('place', 'varchar')
        .addUniqueConstraint('one_place', ['show_id', 'place'])
        .execute();
      await db.schema.createIndex('by_place').on('seats').column('place').execute();
      await db.schema.createTable('old').addColumn('id', 'integer').execute();
    }
    export async function down(db: Kysely<unknown>): Promise<void> {
      await db.schema.dropTable('seats').execute();
    }
"""
SECOND = """
    import { Kysely, sql } from 'kysely';
    export async function up(db: Kysely<unknown>): Promise<void> {
      await db.schema.alterTable('seats').dropConstraint('one_place').execute();
      await db.schema.createIndex('alone').unique().on('seats').columns(['place']).execute();
      await db.schema.dropTable('old').execute();
      await sql`ALTER TABLE seats ADD COLUMN free integer`.execute(db);
    }
"""


def test_migrations_of_kysely_in_their_order() -> None:
    found = of({"migrations/01-first.ts": FIRST, "migrations/02-second.ts": SECOND})
    table = found.tables["seats"]
    assert list(found.tables) == ["seats"] and table.is_complete
    assert columns(found, "seats") == ["id", "code", "show_id", "place", "free"]
    assert uniques(found, "seats") == {"id migration pk", "code migration", "place migration"}
    assert {one.name: one.references for one in table.columns}["show_id"] == "shows"
