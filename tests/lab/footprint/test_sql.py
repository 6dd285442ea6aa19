"""What statements touch, and that what cannot be read may write anything."""

from __future__ import annotations

from timeit import timeit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from redhanded.case.operation import Touch
from redhanded.lab.footprint import Catalogue, Footprint, footprint, footprints

ANYTHING = ("*", "write", ())


def reads(found: Footprint) -> list[tuple[str, dict[str, str]]]:
    return [(name, dict(row)) for name, access, row in found.accesses if access == "read"]


def writes(found: Footprint) -> list[tuple[str, dict[str, str]]]:
    return [(name, dict(row)) for name, access, row in found.accesses if access == "write"]


def conflict(one: str, other: str, catalogue: Catalogue | None = None) -> bool:
    given = catalogue or Catalogue()
    mine, theirs = (footprint(sql, catalogue=given).touches("db") for sql in (one, other))
    return any(a.conflicts(b) for a in mine for b in theirs)


class TestQueries:
    def test_select_knows_its_row_from_bound_values_and_literals(self) -> None:
        found = footprint(
            'SELECT * FROM "public"."Mails" AS "m" WHERE "m"."ref" = $1 AND (kind = 7) LIMIT 1',
            ("abc",),
        )
        assert (found.kind, found.target, found.access) == ("SELECT", "mails", "read")
        assert found.accesses == (("mails", "read", (("ref", "abc"), ("kind", "7"))),)
        assert found.touches("db")[0] == Touch(
            service="db", resource="mails", access="read", row=(("ref", "abc"), ("kind", "7"))
        )

    @pytest.mark.parametrize(
        "condition",
        ["a = 1 OR b = 2", "a > 1", "a IN (1, 2)", "NOT (a = 1)", "a = ANY($1)", "a = b", "a = $2",
         "a IS NULL", "lower(a) = 'x'", "a = 'long'::varchar(2)", "a = '2024-01-01 10:00'::date"],
    )  # fmt: skip
    def test_a_condition_that_says_nothing_of_each_row_means_any_row(self, condition: str) -> None:
        assert reads(footprint(f"SELECT * FROM t WHERE {condition}", ("{1}", None))) == [("t", {})]

    def test_more_than_nine_values_can_be_read(self) -> None:
        columns = ", ".join(f"column_{nth}" for nth in range(1, 12))
        values = " , ".join(f"${nth}" for nth in range(1, 12))
        sql = f"INSERT INTO seats ({columns}) VALUES ({values} )"
        found = footprint(sql, tuple("abcdefghijk"), catalogue=Catalogue(known=True))
        assert writes(found)[0][1]["column_11"] == "k"

    def test_one_value_in_a_list_is_an_equality(self) -> None:
        assert reads(footprint("SELECT * FROM t WHERE a IN (3)")) == [("t", {"a": "3"})]

    def test_in_a_join_only_qualified_columns_count(self) -> None:
        found = footprint(
            "SELECT * FROM a JOIN b ON a.id = b.a WHERE a.id = 3 AND b.z = 'q' AND loose = 1"
        )
        assert reads(found) == [("a", {"id": "3"}), ("b", {"z": "q"})]
        assert found.target == "a"

    def test_subqueries_have_rows_of_their_own(self) -> None:
        found = footprint(
            'SELECT * FROM (SELECT * FROM "users" AS u WHERE u."id" = 4 LIMIT 1) AS u '
            'LEFT OUTER JOIN "posts" AS p ON u."id" = p."user"'
        )
        assert sorted(reads(found)) == [("posts", {}), ("users", {"id": "4"})]
        assert found.target == "users"

    def test_a_name_of_a_cte_is_no_table(self) -> None:
        found = footprint("WITH t AS (SELECT * FROM t WHERE id = 1) SELECT * FROM t")
        assert reads(found) == [("t", {"id": "1"})]
        recursive = "WITH RECURSIVE t AS (SELECT 1 UNION ALL SELECT * FROM t) SELECT * FROM t"
        assert footprint(recursive).accesses == ()

    @pytest.mark.parametrize(
        "sql",
        ["SELECT relname FROM pg_class", "SELECT 1 FROM pg_catalog.pg_tables", "SET x = 1",
         "SHOW server_version", "SELECT nextval('s'), now(), count(*), upper('x')", "SAVEPOINT a",
         "SELECT pg_catalog.anything()", "", "-- nothing", "DROP FUNCTION IF EXISTS pg_temp.f()"],
    )  # fmt: skip
    def test_what_touches_nothing(self, sql: str) -> None:
        assert footprint(sql).accesses == ()

    def test_for_update_is_a_lock_and_a_write_for_the_order(self) -> None:
        found = footprint("SELECT * FROM t WHERE id = 1 FOR UPDATE SKIP LOCKED")
        assert (found.kind, found.access, found.locks) == ("SELECT", "write", ("t",))
        assert writes(found) == [("t", {"id": "1"})]
        shared = footprint("SELECT * FROM t FOR SHARE")
        assert (shared.access, shared.locks) == ("read", ("t",))

    def test_for_update_of_one_table_of_a_join(self) -> None:
        found = footprint("SELECT * FROM a JOIN b ON a.i = b.i FOR UPDATE OF b")
        assert (found.locks, writes(found)) == (("b",), [("b", {})])

    def test_a_queue_taken_by_a_cte(self) -> None:
        found = footprint(
            "WITH taken AS (DELETE FROM q WHERE id = (SELECT id FROM q WHERE s = 'new' "
            "FOR UPDATE SKIP LOCKED LIMIT 1) RETURNING *) SELECT * FROM taken"
        )
        assert (found.kind, found.target, found.access) == ("DELETE", "q", "write")
        assert ("q", {"s": "new"}) in writes(found)


class TestChanges:
    def test_each_inserted_row(self) -> None:
        found = footprint(
            "INSERT INTO t (a, b, c) VALUES ($1, DEFAULT, -5), ('it''s', now(), NULL)", ("x",)
        )
        assert (found.kind, found.target) == ("INSERT", "t")
        assert writes(found) == [("t", {"a": "x", "c": "-5"}), ("t", {"a": "it's"})]

    def test_two_inserts_that_only_share_a_unique_value_conflict(self) -> None:
        one = "INSERT INTO t (id, ref, at) VALUES (1, 'r', '2024-01-01 00:00:01')"
        other = "INSERT INTO t (id, ref, at) VALUES (2, 'r', '2024-01-01 00:00:02')"
        apart = "INSERT INTO t (id, ref, at) VALUES (3, 's', '2024-01-01 00:00:03')"
        assert conflict(one, other)
        assert not conflict(one, apart)

    def test_the_catalogue_says_which_columns_are_unique(self) -> None:
        one = "INSERT INTO t (id, state) VALUES (1, 'new')"
        other = "INSERT INTO t (id, state) VALUES (2, 'new')"
        assert conflict(one, other)
        assert not conflict(one, other, Catalogue(known=True, unique={"t": (("id",),)}))
        assert conflict(one, other, Catalogue(known=True, unique={"t": (("id",), ("state",))}))
        assert conflict(one, other, Catalogue(known=True, unique={"t": ((),)}))

    def test_on_conflict_reads_and_writes_the_row_of_its_key(self) -> None:
        found = footprint(
            "INSERT INTO t (a, b) VALUES (1, 2) ON CONFLICT (a) DO UPDATE SET b = excluded.b"
        )
        assert (reads(found), writes(found)) == ([("t", {"a": "1"})], [("t", {"a": "1"})])
        nothing = footprint("INSERT INTO t (a, b) VALUES (1, 2) ON CONFLICT DO NOTHING")
        assert ("t", {}) in reads(nothing)

    def test_update_does_not_claim_the_old_value_of_what_it_sets(self) -> None:
        found = footprint("UPDATE t SET state = 'paid' WHERE id = $1 AND state = 'new'", ("17",))
        assert reads(found) == [("t", {"id": "17", "state": "new"})]
        assert writes(found) == [("t", {"id": "17"})]
        assert conflict(
            "UPDATE t SET state = 'paid' WHERE state = 'new'", "SELECT 1 FROM t WHERE state='paid'"
        )

    def test_update_from_and_delete_using(self) -> None:
        found = footprint("UPDATE a SET x = b.y FROM b WHERE a.id = b.id AND b.k = 5 AND a.z = 3")
        assert sorted(reads(found)) == [("a", {"z": "3"}), ("b", {"k": "5"})]
        assert writes(found) == [("a", {"z": "3"})]
        deleted = footprint("DELETE FROM a USING b WHERE a.id = b.id AND b.k = 5")
        assert writes(deleted) == [("a", {})]

    @pytest.mark.parametrize(
        ("sql", "kind", "tables"),
        [
            ("TRUNCATE TABLE a, b RESTART IDENTITY CASCADE", "TRUNCATE", ["a", "b"]),
            ("LOCK TABLE ONLY a IN SHARE ROW EXCLUSIVE MODE NOWAIT", "LOCK", ["a"]),
            ('CREATE TABLE IF NOT EXISTS "A" (x int)', "CREATE TABLE", ["a"]),
            ("CREATE UNIQUE INDEX CONCURRENTLY i ON a (x)", "CREATE INDEX", ["a"]),
            ("ALTER TABLE shop.a ADD COLUMN x int", "ALTER TABLE", ["shop.a"]),
            ("DROP TABLE IF EXISTS a, public.b CASCADE", "DROP TABLE", ["a", "b"]),
            ("COPY a (x, y) FROM STDIN", "COPY", ["a"]),
        ],
    )
    def test_whole_tables(self, sql: str, kind: str, tables: list[str]) -> None:
        found = footprint(sql)
        changed = [name for name, _ in writes(found) if name != "definitions"]
        assert (found.kind, changed) == (kind, tables)
        assert found.access == "write"

    def test_a_definition_changes_what_the_information_schema_tells(self) -> None:
        looks = footprint(
            "SELECT 1 FROM information_schema.tables"
            " WHERE table_schema = 'shop' AND table_name = 'a'"
        ).touches("db")
        for sql, conflicts in (
            ("CREATE TABLE shop.a (x int)", True),
            ("DROP TABLE a", True),
            ("CREATE TABLE shop.b (x int)", False),
            ("CREATE TABLE other.a (x int)", False),
        ):
            changes = footprint(sql).touches("db")
            assert any(one.conflicts(two) for one in looks for two in changes) is conflicts

    def test_values_that_postgresql_takes_for_equal(self) -> None:
        for one, other in (
            ("'007'", "7"), ("1.50", "1.5"), ("'T'", "true"),
            ("'2024-01-01T00:00:00.500Z'", "'2024-01-01 00:00:00.5 +00:00'"),
            ("'A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11'", "'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'"),
        ):  # fmt: skip
            assert conflict(f"SELECT 1 FROM t WHERE a = {one}", f"DELETE FROM t WHERE a = {other}")
        assert not conflict("SELECT 1 FROM t WHERE a = 1", "DELETE FROM t WHERE a = 2")


class TestTransactions:
    @pytest.mark.parametrize(
        ("sql", "kind", "transaction"),
        [
            ("START TRANSACTION ISOLATION LEVEL SERIALIZABLE;", "BEGIN", "begin"),
            ("begin", "BEGIN", "begin"),
            ("END", "COMMIT", "commit"),
            ("ABORT", "ROLLBACK", "rollback"),
            ("ROLLBACK TO SAVEPOINT x", "ROLLBACK TO", None),
            ("RELEASE SAVEPOINT x", "RELEASE", None),
        ],
    )
    def test_verbs(self, sql: str, kind: str, transaction: str | None) -> None:
        found = footprint(sql)
        assert (found.kind, found.transaction, found.access) == (kind, transaction, "read")

    def test_several_statements_are_named_after_what_they_write(self) -> None:
        found = footprints([("BEGIN", ()), ("SELECT 1 FROM a", ()), ("DELETE FROM b", ())])
        assert (found.kind, found.target, found.transaction) == ("DELETE", "b", "begin")
        whole = footprint("BEGIN; INSERT INTO a (x) VALUES (1); COMMIT")
        assert (whole.kind, whole.transaction) == ("INSERT", None)


class TestFunctions:
    def test_an_unknown_function_may_write_anything(self) -> None:
        for sql in ("SELECT my_function(1)", "SELECT app.my_function()", "CALL mine(1)"):
            assert ANYTHING in footprint(sql).accesses

    def test_what_cannot_be_read_may_write_anything(self) -> None:
        for sql in ("frobnicate it", "EXECUTE prepared(1)", "COMMIT PREPARED 'x'"):
            assert footprint(sql).accesses == (ANYTHING,)
        unreadable = footprint("DELETE FROM a WHERE ((( frob = ")
        assert [name for name, _ in writes(unreadable)] == ["a"]

    def test_tables_of_what_cannot_be_read_are_named_whole(self) -> None:
        known = Catalogue(known=True)
        found = footprint("INSERT INTO mail.jobs (id) SELECT ((( FROM mail.ids(1)", catalogue=known)
        assert found.target == "mail.jobs" and writes(found) == [("mail.jobs", {})]

    def test_advisory_locks_conflict_by_key(self) -> None:
        one, other = "SELECT pg_advisory_xact_lock(1)", "SELECT pg_try_advisory_lock(2)"
        assert conflict(one, one)
        assert not conflict(one, other)
        assert conflict("SELECT pg_advisory_lock(hashtext('x'))", other)
        assert footprint(one).locks == ("advisory lock",)

    def test_an_insert_hidden_in_a_function_of_the_session(self) -> None:
        """As Sequelize's findOrCreate sends it."""
        sql = (
            'CREATE OR REPLACE FUNCTION pg_temp.testfunc(OUT response "mails", OUT '
            "sequelize_caught_exception text) RETURNS RECORD AS $func_1f$ BEGIN INSERT INTO "
            '"mails" ("id","ref") VALUES (DEFAULT,\'r;5\') RETURNING * INTO response; EXCEPTION '
            "WHEN unique_violation THEN GET STACKED DIAGNOSTICS sequelize_caught_exception = "
            "PG_EXCEPTION_DETAIL; END $func_1f$ LANGUAGE plpgsql; SELECT (testfunc.response).*, "
            "testfunc.sequelize_caught_exception FROM pg_temp.testfunc(); "
            "DROP FUNCTION IF EXISTS pg_temp.testfunc();"
        )
        found = footprint(sql)
        assert (found.kind, found.target, found.access) == ("INSERT", "mails", "write")
        assert writes(found) == [("mails", {"ref": "r;5"})]
        assert "r;5" not in found.fingerprint
        assert (
            found.fingerprint
            == footprint(sql.replace("1f$", "2e$").replace("r;5", "q")).fingerprint
        )
        as_units = footprints(
            [(part, ()) for part in (sql[: sql.index("SELECT (")], sql[sql.index("SELECT (") :])]
        )
        assert as_units.accesses == found.accesses

    def test_a_body_with_control_flow(self) -> None:
        found = footprint(
            """DO $$ DECLARE r record; n int := (SELECT count(*) FROM z); BEGIN
            FOR r IN SELECT * FROM a WHERE k = '1' LOOP
              IF EXISTS (SELECT 1 FROM b WHERE id = r.id) THEN UPDATE c SET x = 1 WHERE id = r.id;
              ELSIF n = (SELECT 1 FROM e) THEN PERFORM upper(x) FROM f;
              ELSE n := (SELECT 2 FROM g); END IF;
            END LOOP; SELECT 1 INTO n FROM d; END $$"""
        )
        assert sorted({name for name, _ in reads(found)}) == [
            "a",
            "b",
            "c",
            "d",
            "e",
            "f",
            "g",
            "z",
        ]
        assert writes(found) == [("c", {})]
        assert ("a", {"k": "1"}) in reads(found)

    @pytest.mark.parametrize(
        "body",
        ["EXECUTE 'DELETE FROM ' || name", "FOR r IN EXECUTE q LOOP NULL; END LOOP",
         "IF true THEN EXECUTE q; END IF"],
    )  # fmt: skip
    def test_dynamic_sql_may_write_anything(self, body: str) -> None:
        assert ANYTHING in footprint(f"DO $$ BEGIN {body}; END $$").accesses

    def test_another_language_may_write_anything(self) -> None:
        assert ANYTHING in footprint("DO LANGUAGE plpython3u $$ pass $$").accesses


class TestFingerprint:
    def test_values_are_gone_and_blanks_are_one(self) -> None:
        assert footprint(
            "SELECT  *\nFROM t /* x=1 */ WHERE a='b' AND c = 1.5 -- end"
        ).fingerprint == ("SELECT * FROM t WHERE a=? AND c = ?")

    @given(st.text(max_size=60))
    def test_any_text_gives_a_footprint(self, text: str) -> None:
        assert footprint(text).kind
        assert footprint(f"SELECT * FROM t WHERE a = {text}").kind

    @given(st.text(alphabet=st.characters(exclude_characters="\0"), min_size=1, max_size=40))
    def test_a_quoted_value_comes_back_whole(self, value: str) -> None:
        quoted = value.replace("'", "''")
        ((_, _, row),) = footprint(f"SELECT 1 FROM t WHERE a = '{quoted}' AND b = 1").accesses
        bound = footprint("SELECT 1 FROM t WHERE a = $1 AND b = 1", (value,))
        assert bound.accesses[0][2] == row
        assert row[1] == ("b", "1")

    def test_a_known_shape_is_cheap(self) -> None:
        """A shape that was seen before must not be parsed again."""
        numbers = iter(range(10_000))

        def cost_s(statement: str) -> float:
            each = (statement.format(next(numbers)) for _ in range(200))
            return min(timeit(lambda: footprint(next(each)), number=40) for _ in range(5))

        footprint("SELECT * FROM t WHERE a = 'first' AND b = 0")
        known = cost_s("SELECT * FROM t WHERE a = '{}' AND b = 1")
        assert known * 3 < cost_s("SELECT * FROM t{0} WHERE a = 'x' AND b{0} = 1")
