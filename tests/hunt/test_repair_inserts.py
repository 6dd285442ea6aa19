"""What is drafted for services that write rows with Knex, Drizzle, node-postgres, TypeORM."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import parcels
import pytest

from redhanded.case.fix import FixPart
from redhanded.case.hypothesis import RootLocation
from redhanded.case.reproduction import RootCause
from redhanded.hunt import repair


def part_of(
    root: Path, store: str, library: str, *columns: str, wanted: str = "insert", later: int = 0
) -> FixPart | None:
    """The part that finds or creates the row, in a parcel service with that file ``store.js``.

    The source places the write so many lines ``later`` than the measured run.
    """
    parcels.write(root, store=store)
    line = 1 + next(n for n, text in enumerate(store.splitlines()) if wanted in text.lower())
    code = parcels.code_map(root)
    moved = [
        replace(each, library=library, location=replace(each.location, line=line + later))
        if each.access == "write"
        else each
        for each in code.accesses
    ]
    unique = replace(code.constraints[0], columns=columns or ("bar_code_v2",))
    place = RootLocation(path="src/store.js", line=line, role="create", text="")
    ground = repair.Ground(
        root=root,
        system=parcels.system(root),
        code=replace(code, accesses=tuple(moved), constraints=(unique,)),
        cause=RootCause(mechanism="check-then-create", title="", sentence="", locations=(place,)),
        reproduction=parcels.reproduction(),
        symptom=parcels.symptom(),
    )
    return next((each for each in repair.draft(ground) if each.key == "b"), None)


def text_of(found: FixPart | None, root: Path) -> str:
    assert found is not None
    text = found.files["src/store.js"]
    node = shutil.which("node")
    if node is not None:
        (root / "checked.mjs").write_text(text)
        subprocess.run([node, "--check", "checked.mjs"], cwd=root, check=True, capture_output=True)
    return text


KNEX = """\
export async function storeParcel(notice) {
  const [parcel] = await db('parcels')
    .insert({
      bar_code_v2: notice.barcode,
      depot: notice.depot,
    })
    .returning('*');
  await db('events').insert({ parcel_id: parcel.id });
  return parcel;
}
"""


def test_knex_adds_the_row_once_and_the_other_is_answered(tmp_path: Path) -> None:
    text = text_of(part_of(tmp_path, KNEX, "knex"), tmp_path)
    assert (
        "    })\n"
        "    .onConflict('bar_code_v2')\n"
        "    .ignore()\n"
        "    .returning('*');\n"
        "  if (!parcel) {\n"
        "    const taken = await db('parcels').where({ bar_code_v2: notice.barcode }).first();\n"
        "    return taken;\n"
        "  }\n"
        "  await db('events').insert({ parcel_id: parcel.id });\n"
    ) in text


def test_a_chain_that_the_source_places_where_it_ends(tmp_path: Path) -> None:
    found = part_of(tmp_path, KNEX, "knex", wanted="db('parcels')", later=5)
    assert ".ignore()" in text_of(found, tmp_path)


def test_knex_in_a_transaction_is_asked_whether_it_added_the_row(tmp_path: Path) -> None:
    store = (
        "export const storeParcel = (notice) =>\n"
        "  db.transaction(async (trx) => {\n"
        "    await trx('parcels').insert({ bar_code_v2: notice.barcode, depot: notice.depot });\n"
        "    await trx('events').insert({ barcode: notice.barcode });\n"
        "  });\n"
    )
    text = text_of(part_of(tmp_path, store, "knex", "bar_code_v2", "depot"), tmp_path)
    assert (
        "    const [created] = await trx('parcels').insert({ bar_code_v2: notice.barcode, "
        "depot: notice.depot }).onConflict(['bar_code_v2', 'depot']).ignore()"
        ".returning(['bar_code_v2', 'depot']);\n"
        "    if (!created) {\n"
        "      return;\n"
        "    }\n"
    ) in text


def test_who_looked_answers_as_after_the_look(tmp_path: Path) -> None:
    store = KNEX.replace(
        "(notice) {\n",
        "(notice) {\n"
        "  const known = await db('parcels').where({ bar_code_v2: notice.barcode }).first();\n"
        "  if (known) return { isNew: false, id: known.id };\n",
    ).replace("return parcel;", "return { isNew: true, id: parcel.id };")
    text = text_of(part_of(tmp_path, store, "knex", wanted=".insert({"), tmp_path)
    assert "    return { isNew: false, id: taken.id };\n" in text


def test_nothing_more_than_the_row_needs_no_answer(tmp_path: Path) -> None:
    store = (
        "export async function storeParcel(values) {\n  await db('parcels').insert(values);\n}\n"
    )
    text = text_of(part_of(tmp_path, store, "knex"), tmp_path)
    assert "  await db('parcels').insert(values).onConflict('bar_code_v2').ignore();\n}" in text


def test_drizzle_adds_the_row_once(tmp_path: Path) -> None:
    store = (
        "import { eq } from 'drizzle-orm';\n\n"
        "export async function storeParcel(notice) {\n"
        "  const [parcel] = await db.insert(parcels)\n"
        "    .values({ barCodeV2: notice.barcode, depot: notice.depot })\n"
        "    .returning();\n"
        "  await db.insert(events).values({ parcelId: parcel.id });\n"
        "  return parcel.id;\n"
        "}\n"
    )
    part = part_of(tmp_path, store, "drizzle-orm", "bar_code_v2", wanted=".values({ bar")
    assert (
        "    .values({ barCodeV2: notice.barcode, depot: notice.depot })\n"
        "    .onConflictDoNothing({ target: parcels.barCodeV2 })\n"
        "    .returning();\n"
        "  if (!parcel) {\n"
        "    const [taken] = await db.select().from(parcels)"
        ".where(eq(parcels.barCodeV2, notice.barcode));\n"
        "    return taken.id;\n"
        "  }\n"
    ) in text_of(part, tmp_path)


SQL = """\
export async function storeParcel(notice) {
  const client = await pool.connect();
  try {
    await client.query('BEGIN');
    const { rows } = await client.query(
      `INSERT INTO parcels (bar_code_v2, depot)
       VALUES ($1, $2)
       RETURNING *`,
      [notice.barcode, notice.depot],
    );
    const parcel = rows[0];
    await client.query('INSERT INTO events (parcel_id) VALUES ($1)', [parcel.id]);
    await client.query('COMMIT');
    return parcel;
  } catch (error) {
    await client.query('ROLLBACK');
    throw error;
  } finally {
    client.release();
  }
}
"""


def test_sql_adds_the_row_once_and_ends_its_transaction(tmp_path: Path) -> None:
    text = text_of(part_of(tmp_path, SQL, "pg"), tmp_path)
    assert (
        "       VALUES ($1, $2)\n"
        "       ON CONFLICT (bar_code_v2) DO NOTHING\n"
        "       RETURNING *`,\n"
        "      [notice.barcode, notice.depot],\n"
        "    );\n"
        "    if (rows.length === 0) {\n"
        "      const taken = await client.query('SELECT * FROM parcels WHERE bar_code_v2 = $1', "
        "[notice.barcode]);\n"
        "      await client.query('COMMIT');\n"
        "      return taken.rows[0];\n"
        "    }\n"
        "    const parcel = rows[0];\n"
    ) in text


@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        (
            "await pool.query('INSERT INTO parcels (bar_code_v2) VALUES ($1)', [notice.code]);\n"
            "  await tell(notice);",
            "const created = await pool.query('INSERT INTO parcels (bar_code_v2) VALUES ($1) "
            "ON CONFLICT (bar_code_v2) DO NOTHING', [notice.code]);\n"
            "  if (created.rowCount === 0) {\n    return;\n  }\n  await tell(notice);",
        ),
        (
            "const made = (await pool.query("
            '"INSERT INTO parcels (depot, bar_code_v2) VALUES ($1, $2) RETURNING id", '
            "[1, notice.code])).rows[0];\n  return made.id;",
            'VALUES ($1, $2) ON CONFLICT (bar_code_v2) DO NOTHING RETURNING id", '
            "[1, notice.code])).rows[0];\n  if (!made) {\n    const { rows: [taken] } = await "
            'pool.query("SELECT * FROM parcels WHERE bar_code_v2 = $1", [notice.code]);\n'
            "    return taken.id;\n  }\n  return made.id;",
        ),
        (
            "const result = await pool.query('insert into parcels (bar_code_v2) values ($1) "
            "returning *', [notice.code]);\n  return result.rows[0];",
            "  if (result.rowCount === 0) {\n    const taken = await pool.query("
            "'SELECT * FROM parcels WHERE bar_code_v2 = $1', [notice.code]);\n"
            "    return taken.rows[0];\n  }\n",
        ),
    ],
)
def test_sql_in_other_forms(tmp_path: Path, statement: str, expected: str) -> None:
    store = f"export async function storeParcel(notice) {{\n  {statement}\n}}\n"
    assert expected in text_of(part_of(tmp_path, store, "pg"), tmp_path)


def saved(*lines: str) -> str:
    body = "".join(f"  {line}\n" for line in lines)
    return f"export async function storeParcel(notice) {{\n{body}}}\n"


INSERTED = """\
  const { raw: added } = await this.parcels
    .createQueryBuilder()
    .insert()
    .values(parcel)
    .orIgnore()
    .returning('*')
    .execute();
  if (added.length === 0) {
    const taken = await this.parcels.findOneOrFail({ where: { barCodeV2: parcel.barCodeV2 } });
    return taken;
  }
"""


def test_typeorm_adds_the_entity_once(tmp_path: Path) -> None:
    store = saved(
        "const parcel = this.parcels.create({ barCodeV2: notice.code, depot: 1 });",
        "await this.parcels.save(parcel);",
        "await this.events.save({ parcel });",
        "return parcel;",
    )
    part = part_of(tmp_path, store, "typeorm", wanted="parcels.save(")
    assert INSERTED in text_of(part, tmp_path)


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (
            ["return this.parcels.save(this.parcels.create({ barCodeV2: notice.code }));"],
            "  await this.parcels\n    .createQueryBuilder()\n    .insert()\n"
            "    .values({ barCodeV2: notice.code })\n    .orIgnore()\n    .execute();\n"
            "  return this.parcels.findOneOrFail({ where: { barCodeV2: notice.code } });\n",
        ),
        (
            [
                "const parcel = await manager.save(Parcel, { bar_code_v2: notice.code });",
                "await manager.save(Event, { parcel });",
                "return { id: parcel.id };",
            ],
            "  const parcel = await manager.findOneOrFail(Parcel, "
            "{ where: { bar_code_v2: notice.code } });\n"
            "  if (added.length === 0) {\n    return { id: parcel.id };\n  }\n",
        ),
        (
            ["await manager.insert(Parcel, { barCodeV2: notice.code });"],
            "  await manager\n    .createQueryBuilder()\n    .insert()\n    .into(Parcel)\n"
            "    .values({ barCodeV2: notice.code })\n    .orIgnore()\n    .execute();\n}",
        ),
    ],
)
def test_typeorm_in_other_forms(tmp_path: Path, lines: list[str], expected: str) -> None:
    part = part_of(tmp_path, saved(*lines), "typeorm", wanted=lines[0][:30].lower())
    assert expected in text_of(part, tmp_path)


def test_columns_that_an_entity_calls_otherwise(tmp_path: Path) -> None:
    (tmp_path / "parcel.entity.ts").write_text(
        "@Entity('parcels')\nexport class Parcel {\n  @PrimaryGeneratedColumn()\n  id: number;\n\n"
        "  @Column({ length: 20, name: 'bar_code_v2', unique: true })\n"
        "  readonly code!: string;\n}\n"
    )
    store = saved("return this.parcels.save({ code: notice.code, depot: 2 });")
    part = part_of(tmp_path, store, "typeorm", wanted="parcels.save(")
    assert "{ where: { code: notice.code } }" in text_of(part, tmp_path)


@pytest.mark.parametrize(
    ("library", "statement"),
    [
        ("knex", "return db('parcels').insert(notice);"),
        ("knex", "const [id] = await db('parcels').insert(notice);\n  return id;"),
        ("knex", "await db('parcels').insert(notice).onConflict('depot').merge();"),
        ("knex", "await db('parcels').insert([notice, other]);"),
        ("knex", "const [p] = await db('parcels').insert(notice).returning('*');\n  tell(p);\n"
                 "  const made = await weigh(p);\n  return made;"),
        ("pg", "await db.query(`INSERT INTO parcels (a) VALUES (${notice.a})`);\n  tell();"),
        ("pg", "await db.query('INSERT INTO parcels (a) SELECT 1');\n  tell();"),
        ("pg", "await db.query('INSERT INTO parcels (a) VALUES ($1) ON CONFLICT DO NOTHING');"),
        ("drizzle-orm", "const [p] = await db.insert(parcels).values(notice).returning();\n"
                        "  return p;"),
        ("mongoose", "await Parcel.insert(notice);"),
        ("typeorm", "await parcels.insert(notice);"),
        ("typeorm", "await parcels.insert({ bar_code_v2: 1, events: [{ at: 2 }] });"),
        ("typeorm", "tell(await parcels.insert({ bar_code_v2: 1 }));"),
    ],
)  # fmt: skip
def test_what_is_not_understood_is_left_alone(tmp_path: Path, library: str, statement: str) -> None:
    store = f"export async function storeParcel(notice) {{\n  {statement}\n}}\n"
    assert part_of(tmp_path, store, library) is None
