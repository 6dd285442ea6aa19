"""Migrations replayed in order."""

from __future__ import annotations

from pathlib import Path

import pytest
from small_services import mapped

from redhanded.case.codemap import UniqueConstraint


def names(tmp_path: Path, *bodies: str) -> dict[str | None, tuple[str, tuple[str, ...]]]:
    files = {
        f"migrations/{number:02}.js": "module.exports = { async up(queryInterface, types) {\n"
        f"const t = queryInterface;\n{body}\n}},\n"
        "async down(q) { await q.dropTable('crate'); } };"
        for number, body in enumerate(bodies)
    }
    code = mapped(tmp_path, files, "migrations")
    return {one.name: (one.table, one.columns) for one in code.constraints}


def test_columns_of_a_new_table(tmp_path: Path) -> None:
    body = """
    const shared = { made_at: types.DATE };
    await t.createTable('crate', {
      id: { type: types.INTEGER, primaryKey: true },
      serial_no: { type: types.STRING, unique: true },
      note: { type: types.STRING, unique: false }, ...shared });"""
    assert names(tmp_path, body) == {
        "crate_pkey": ("crate", ("id",)),
        "crate_serial_no_key": ("crate", ("serial_no",)),
    }


def test_constraints_and_indexes_with_and_without_a_name(tmp_path: Path) -> None:
    body = """
    await t.addConstraint('crate', { fields: ['a', 'b'], type: 'unique' });
    await t.addConstraint('crate', ['c'], { type: 'UNIQUE', name: 'own' });
    await t.addConstraint('crate', { fields: ['x'], type: 'foreign key', name: 'fk' });
    await t.addIndex('crate', ['d', { name: 'e', order: 'DESC' }], { unique: true });
    await t.addIndex('crate', { fields: ['f'], unique: true, name: 'of_f' });
    await t.addIndex('crate', ['g']);"""
    assert names(tmp_path, body) == {
        "crate_a_b_uk": ("crate", ("a", "b")),
        "own": ("crate", ("c",)),
        "crate_d_e": ("crate", ("d", "e")),
        "of_f": ("crate", ("f",)),
    }


def test_what_a_later_migration_drops_is_gone(tmp_path: Path) -> None:
    first = """
    await t.addIndex('crate', ['a'], { unique: true, name: 'one' });
    await t.addIndex('crate', ['b'], { unique: true });
    await t.addIndex('crate', ['c'], { unique: true, name: 'three' });
    await t.addIndex('lid', ['c'], { unique: true, name: 'four' });
    await t.addIndex('tag', ['c'], { unique: true, name: 'five' });
    await t.addIndex('tag', ['d'], { unique: true, name: 'six' });"""
    second = """
    return t.sequelize.transaction(async (transaction) => {
      await t.removeIndex('crate', 'one', { transaction });
      await t.removeIndex('crate', ['b']);
      await t.removeColumn('crate', 'c').then(() => t.dropTable('lid'));
      await t.sequelize.query(`
        DROP INDEX CONCURRENTLY IF EXISTS five
      `);
      await t.renameColumn('tag', 'd', 'e');
      await t.renameTable('tag', 'mark');
    });"""
    assert names(tmp_path, first, second) == {"six": ("mark", ("e",))}


def test_a_loop_over_written_names_is_unrolled(tmp_path: Path) -> None:
    body = """
    for (const table of ['crate', 'lid']) {
      await t.addIndex(table, ['code'], { unique: true });
    }"""
    assert set(names(tmp_path, body)) == {"crate_code", "lid_code"}


def test_umzug_gives_the_interface_as_context(tmp_path: Path) -> None:
    files = {
        "migrations/1.ts": """
            export const up = async ({ context: queryInterface }) => {
              await queryInterface.addIndex('crate', ['code'], { unique: true, name: 'u' });
            };
            """
    }
    (one,) = mapped(tmp_path, files, "migrations").constraints
    assert (one.name, one.location and one.location.line) == ("u", 2)


def test_plain_sql_files_are_replayed_without_their_undo_part(tmp_path: Path) -> None:
    files = {
        "db/migrations/1.sql": """
            -- migrate:up
            CREATE TABLE IF NOT EXISTS public.crate (
              id bigserial PRIMARY KEY,
              code numeric(10, 2) UNIQUE,
              CONSTRAINT pair UNIQUE (a, b)
            );
            -- migrate:down
            DROP TABLE crate;
            """
    }
    found = mapped(tmp_path, {**files, "src/a.js": ""}, "src").constraints
    assert {one.name: one.columns for one in found} == {
        "crate_pkey": ("id",),
        "crate_code_key": ("code",),
        "pair": ("a", "b"),
    }


@pytest.mark.parametrize(
    ("sql", "name", "columns"),
    [
        ('CREATE UNIQUE INDEX "u" ON "t" USING btree ("a" DESC, b)', "u", ("a", "b")),
        ("create unique index concurrently if not exists u on t (lower(a))", "u", ("lower(a)",)),
        ("CREATE UNIQUE INDEX ON t (a)", "t_a_idx", ("a",)),
        ("ALTER TABLE ONLY t ADD CONSTRAINT u UNIQUE (a), ADD COLUMN z int", "u", ("a",)),
        ("ALTER TABLE t ADD PRIMARY KEY (a)", "t_pkey", ("a",)),
        ("ALTER TABLE t ADD COLUMN c text NOT NULL UNIQUE", "t_c_key", ("c",)),
    ],
)
def test_statements_name_what_they_make_as_postgresql_does(
    tmp_path: Path, sql: str, name: str, columns: tuple[str, ...]
) -> None:
    files = {"migrations/1.sql": f"CREATE TABLE t (a text, b int);\n{sql};\n", "src/a.js": ""}
    (one,) = mapped(tmp_path, files).constraints
    assert (one.name, one.columns, one.table) == (name, columns, "t")
    assert one.location is not None and one.location.line == 2


@pytest.mark.parametrize(
    ("name", "is_meant"),
    [
        ("t_a_b_key", True),
        ("t_a_b_0f3a9c21_uniq", True),
        ("uq_t_a_b", True),
        ("own", True),
        ("t_a_key", False),
        ("t_a_b_c_key", False),
        (None, False),
    ],
)
def test_a_constraint_is_known_by_the_names_that_tools_give_it(
    name: str | None, is_meant: bool
) -> None:
    one = UniqueConstraint(table="t", columns=("a", "b"), name="own", location=None)
    assert one.is_called(name) is is_meant
