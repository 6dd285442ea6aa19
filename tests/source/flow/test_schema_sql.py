"""The schema that files of SQL leave."""

from __future__ import annotations

import time

import pytest
from written_schemas import columns, of, uniques


def test_every_way_to_say_unique() -> None:
    found = of(
        {
            "db/migrations/1_first.sql": """
                CREATE TABLE IF NOT EXISTS public."Wallets" (
                  id bigserial PRIMARY KEY,
                  handle varchar(255) NOT NULL UNIQUE,
                  "cents" numeric(12, 2) NOT NULL DEFAULT 0 CHECK ("cents" >= 0),
                  key text, kind text DEFAULT 'a;b, UNIQUE (x)'::text NOT NULL,
                  owner_id uuid REFERENCES people(id) ON DELETE SET NULL,
                  CONSTRAINT uq_kind UNIQUE (kind, key)
                );
                CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS ix_low ON "Wallets"
                  USING btree (lower((handle)::text), owner_id DESC NULLS LAST)
                  WHERE closed_at IS NULL;
                ALTER TABLE ONLY "Wallets" ADD CONSTRAINT ref UNIQUE (owner_id),
                  ADD COLUMN token text UNIQUE;
                CREATE INDEX plain ON "Wallets" (kind);
            """
        }
    )
    assert uniques(found, "Wallets") == {
        "id migration pk",
        "handle migration",
        "kind+key migration",
        "lower((handle)::text)+owner_id migration if closed_at IS NULL",
        "owner_id migration",
        "token migration",
    }
    table = found.tables["Wallets"]
    assert table.is_complete
    assert table.checks == ('CHECK ("cents" >= 0)',)
    by_name = {one.name: one for one in table.columns}
    assert by_name["kind"].default == "'a;b, UNIQUE (x)'::text"
    assert by_name["cents"].type == "numeric(12, 2)"
    assert by_name["owner_id"].references == "people"
    assert not by_name["id"].is_nullable
    assert table.uniques[0].location is not None
    assert str(table.uniques[0].location) == "db/migrations/1_first.sql:3"


def test_mysql() -> None:
    found = of(
        {
            "sql/V1__start.sql": """
                DELIMITER ;;
                CREATE TABLE `rooms` (
                  `id` int(11) NOT NULL AUTO_INCREMENT,
                  `slug` varchar(191) DEFAULT NULL COMMENT 'a, b',
                  `floor` int,
                  PRIMARY KEY (`id`), UNIQUE KEY `slug_u` (`slug`(20)), KEY `k` (`slug`),
                  UNIQUE KEY (`floor`)
                ) ENGINE=InnoDB;
            """,
            "sql/V1_1__more.sql": "ALTER TABLE rooms CHANGE slug handle varchar(20) NOT NULL;",
            "sql/V2__less.sql": "ALTER TABLE rooms DROP INDEX floor, ADD UNIQUE KEY f (id, floor);",
            "sql/V10__last.sql": "DROP INDEX f ON rooms; RENAME TABLE rooms TO chambers;",
            "sql/U2__less.sql": "DROP TABLE chambers;",
        }
    )
    assert uniques(found, "chambers") == {"id migration pk", "handle migration"}


def test_what_is_dropped_and_renamed_is_followed() -> None:
    found = of(
        {
            "migrations/001.sql": """
                create table seats (row_no int, place int, held_by int,
                  constraint one_place unique (row_no, place),
                  constraint one_hold unique (held_by));
                create table gone (id int primary key);
                create unique index later on seats (held_by, place);
            """,
            "migrations/002.sql": """
                alter table seats rename column row_no to line;
                alter table seats rename constraint one_hold to hold;
                alter table seats rename to chairs;
                drop table if exists gone;
            """,
            "migrations/003.sql": """
                alter table chairs drop constraint hold;
                drop index concurrently if exists later;
                create unique index i on chairs (line);
                alter table chairs add constraint j primary key using index i;
            """,
        }
    )
    assert "gone" not in found.tables
    assert uniques(found, "chairs") == {"line+place migration", "line migration"}
    assert columns(found, "chairs") == ["line", "place", "held_by"]


def test_a_dropped_column_takes_its_constraints_along() -> None:
    found = of(
        {
            "m/1.sql": "CREATE TABLE t (a int, b int, UNIQUE (a, b), UNIQUE (b));",
            "m/2.sql": "ALTER TABLE t DROP COLUMN IF EXISTS a CASCADE;",
        }
    )
    assert uniques(found, "t") == {"b migration"}


@pytest.mark.parametrize(
    "mark",
    [
        "-- migrate:down",
        "-- +goose Down",
        "-- Down Migration",
        "-- +migrate Down",
        "--- Down",
        "--//@UNDO",
        "-- down",
    ],
)
def test_the_part_that_undoes_is_not_run(mark: str) -> None:
    text = f"CREATE TABLE t (a int UNIQUE);\n{mark}\nDROP TABLE t;\n"
    assert uniques(of({"db/migrate/2020_x.sql": text}), "t") == {"a migration"}


@pytest.mark.parametrize(
    "path",
    [
        "migrations/1_x.down.sql",
        "migrations/1_x-down.sql",
        "migrations/1/down.sql",
        "migrations/001.undo.x.sql",
        "sql/U1__x.sql",
        "migrations/down/1.sql",
        "test/fixtures/wipe.sql",
    ],
)
def test_files_that_undo_are_not_run(path: str) -> None:
    found = of({"migrations/1/up.sql": "CREATE TABLE t (a int UNIQUE);", path: "DROP TABLE t;"})
    assert uniques(found, "t") == {"a migration"}


def test_a_word_about_going_down_ends_nothing() -> None:
    text = """
        -- Down payments are kept here.
        CREATE TABLE t (a int UNIQUE); -- down to the last cent
        CREATE UNIQUE INDEX u ON t (a, b);
    """
    assert uniques(of({"migrations/1.sql": text}), "t") == {"a migration", "a+b migration"}


def test_folders_of_prisma_run_in_their_order() -> None:
    found = of(
        {
            "prisma/migrations/20230102000000_b/migration.sql": """
                -- DropIndex
                DROP INDEX "Pass_code_key";
                -- CreateIndex
                CREATE UNIQUE INDEX "Pass_code_gate_key" ON "Pass"("code", "gate");
            """,
            "prisma/migrations/20230101000000_a/migration.sql": """
                CREATE TABLE "Pass" ("id" SERIAL NOT NULL, "code" TEXT NOT NULL, "gate" TEXT,
                  CONSTRAINT "Pass_pkey" PRIMARY KEY ("id"));
                CREATE UNIQUE INDEX "Pass_code_key" ON "Pass"("code");
            """,
        }
    )
    assert uniques(found, "Pass") == {"id migration pk", "code+gate migration"}


def test_tables_that_are_rebuilt_keep_what_the_new_one_has() -> None:
    found = of(
        {
            "drizzle/0000_a.sql": "CREATE TABLE `tags` (`id` int PRIMARY KEY, `n` text UNIQUE);",
            "drizzle/0001_b.sql": """
                PRAGMA foreign_keys=OFF;--> statement-breakpoint
                CREATE TABLE `__new_tags` (`id` integer PRIMARY KEY NOT NULL, `n` text);
                INSERT INTO `__new_tags`("id", "n") SELECT "id", "n" FROM `tags`;
                DROP TABLE `tags`;--> statement-breakpoint
                ALTER TABLE `__new_tags` RENAME TO `tags`;
            """,
        }
    )
    assert uniques(found, "tags") == {"id migration pk"}


def test_blocks_are_read_and_computed_statements_are_not() -> None:
    found = of(
        {
            "m/1.sql": """
                CREATE TABLE t (a int, b int);
                CREATE TABLE other (a int);
                DO $$ BEGIN
                  ALTER TABLE t ADD CONSTRAINT ab UNIQUE (a, b);
                EXCEPTION WHEN duplicate_object THEN null; END $$;
            """,
        }
    )
    assert uniques(found, "t") == {"a+b migration"}
    assert found.tables["t"].is_complete
    computed = of(
        {
            "m/1.sql": "CREATE TABLE t (a int);",
            "m/2.sql": "DO $x$ BEGIN EXECUTE format('ALTER TABLE %I ADD UNIQUE (a)', n); END $x$;"
            " ALTER TABLE t ADD b int;",
        }
    )
    assert not computed.tables["t"].is_complete
    assert computed.limits


def test_a_damaged_file_is_read_as_far_as_it_goes() -> None:
    text = """
        CREATE TABLE a (x int UNIQUE);
        CREAT TABEL b (x int UNIQUE);
        CREATE TABLE c (x int UNIQUE, , (;
        ALTER TABLE a ADD CONSTRAINT;
        ALTER TABLE;
        CREATE UNIQUE INDEX ON;
        CREATE TABLE d (x int UNIQUE);
        INSERT INTO a VALUES ('it''s; CREATE TABLE e (x int)');
        /* never closed
        CREATE TABLE f (x int);
    """
    found = of({"m/1.sql": text})
    assert {"a", "d"} <= set(found.tables)
    assert not {"b", "e", "f"} & set(found.tables)
    assert uniques(found, "a") == {"x migration"}


def test_the_dump_of_a_database() -> None:
    made = [
        f"CREATE TABLE public.t{n} (\n    id integer NOT NULL,\n    code text\n);\n"
        f"ALTER TABLE public.t{n} OWNER TO someone;\n"
        f'COPY public.t{n} (id, code) FROM stdin;\n1\tit\'s; a "row"\n\\.\n'
        for n in range(700)
    ]
    made += [
        f"ALTER TABLE ONLY public.t{n}\n    ADD CONSTRAINT t{n}_pkey PRIMARY KEY (id);\n"
        f"CREATE UNIQUE INDEX t{n}_code ON public.t{n} USING btree (code);\n"
        for n in range(700)
    ]
    text = "\\connect x\n" + "".join(made)
    assert text.count("\n") > 5_000
    started = time.monotonic()
    found = of({"db/structure.sql": text})
    assert time.monotonic() - started < 10
    assert len(found.tables) == 700
    assert uniques(found, "t699") == {"id migration pk", "code migration"}


def test_a_dump_gives_way_to_the_migrations_that_make_the_same_table() -> None:
    found = of(
        {
            "db/schema.sql": "CREATE TABLE t (a int UNIQUE); CREATE TABLE base (a int UNIQUE);",
            "db/migrations/1.sql": "CREATE TABLE t (a int); ALTER TABLE base ADD b int UNIQUE;",
        }
    )
    assert uniques(found, "t") == set()
    assert uniques(found, "base") == {"a migration", "b migration"}


def test_two_services_with_a_table_of_one_name_are_not_mixed_up() -> None:
    found = of(
        {
            "billing/migrations/1.sql": "CREATE TABLE events (a int UNIQUE);",
            "mailing/migrations/1.sql": "CREATE TABLE events (b int UNIQUE);",
            "mailing/migrations/2.sql": "DROP TABLE events;",
        }
    )
    assert not found.tables["events"].is_complete


def test_schemas_tell_tables_apart() -> None:
    found = of(
        {
            "m/1.sql": """
                CREATE TABLE app.users (a int UNIQUE); CREATE TABLE audit.users (b int UNIQUE);
                CREATE TABLE audit.trail (c int UNIQUE);
            """
        }
    )
    assert set(found.tables) == {"app.users", "audit.users", "trail"}
    assert uniques(found, "app.users") == {"a migration"}
