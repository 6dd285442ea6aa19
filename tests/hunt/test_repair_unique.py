"""A unique index in the words of whatever makes the tables; what is written is read again."""

from __future__ import annotations

import ast
import json
import subprocess
from dataclasses import replace
from pathlib import Path

import parcels
import pytest
from small_services import mapped

from redhanded.case.codemap import DataAccess
from redhanded.case.evidence import Location
from redhanded.case.fix import FixPart
from redhanded.case.hypothesis import RootLocation
from redhanded.case.reproduction import RootCause
from redhanded.case.run import Failure
from redhanded.hunt import repair
from redhanded.hunt.repair.unique.wanted import written
from redhanded.lab.services import find_node

DJANGO_MODEL = """
    from django.db import models

    class Lot(models.Model):
        id = models.AutoField(primary_key=True)

    class Crate(models.Model):
        lot = models.ForeignKey(Lot, on_delete=models.CASCADE)
        serial_no = models.CharField(max_length=9)

        class Meta:
            db_table = "crate"
    """
DJANGO_FIRST = """
    from django.db import migrations, models

    class Migration(migrations.Migration):
        initial = True
        dependencies = []
        operations = [
            migrations.CreateModel(
                name="Lot", fields=[("id", models.AutoField(primary_key=True))],
            ),
            migrations.CreateModel(
                name="Crate",
                fields=[
                    ("id", models.AutoField(primary_key=True)),
                    ("serial_no", models.CharField(max_length=9)),
                    ("lot", models.ForeignKey(to="yard.lot", on_delete=models.CASCADE)),
                ],
                options={"db_table": "crate"},
            ),
        ]
    """
ALEMBIC = """
    from alembic import op
    import sqlalchemy as sa

    revision = "{}"
    down_revision = {}

    def upgrade():
        {}

    def downgrade():
        pass
    """
MODEL = """
    from sqlalchemy import Column, Integer, String
    from .base import Base

    class Crate(Base):
        __tablename__ = "crate"

        id = Column(Integer, primary_key=True)
        serial_no = Column(String)
        lot_id = Column(Integer)

        def label(self):
            return self.serial_no
    """
PRISMA = """
    datasource db {
      provider = "postgresql"
      url      = env("DATABASE_URL")
    }

    model Crate {
      id       Int     @id @default(autoincrement())
      serialNo String? @map("serial_no")
      lotId    Int?    @map("lot_id")

      @@map("crate")
    }
    """
CREATE = "CREATE TABLE crate (id serial PRIMARY KEY, serial_no text, lot_id int)"
TREES: dict[str, tuple[dict[str, str], str]] = {
    "numbered": (
        {"db/001_init.sql": f"{CREATE};\n", "db/002_more.sql": "CREATE TABLE x (id int);\n"},
        "db/003_unique_crate_lot_id_serial_no.sql",
    ),
    "flyway": (
        {"db/V1__init.sql": f"{CREATE};\n"},
        "db/V2__unique_crate_lot_id_serial_no.sql",
    ),
    "dbmate": (
        {"db/20250101000059_init.sql": f"-- migrate:up\n{CREATE};\n-- migrate:down\n"},
        "db/20250101000100_unique_crate_lot_id_serial_no.sql",
    ),
    "up and down": (
        {"db/01_init.up.sql": f"{CREATE};\n", "db/01_init.down.sql": "DROP TABLE crate;\n"},
        "db/02_unique_crate_lot_id_serial_no.up.sql",
    ),
    "a schema that is run again": (
        {
            "schema.sql": "-- It's all here (for now)\n"
            + CREATE.replace("TABLE", "TABLE IF NOT EXISTS").replace("text,", "text, -- (a)\n")
            + ";\nCREATE TABLE IF NOT EXISTS x (id int);\n"
        },
        "schema.sql",
    ),
    "a schema that is run once": ({"init.sql": f"{CREATE}\n"}, "init.sql"),
    "prisma": (
        {
            "prisma/migrations/20250101000000_init/migration.sql": f"{CREATE};\n",
            "prisma/migrations/migration_lock.toml": 'provider = "postgresql"\n',
            "prisma/schema.prisma": PRISMA,
        },
        "prisma/migrations/20250101000001_unique_crate_lot_id_serial_no/migration.sql",
    ),
    "prisma db push": ({"prisma/schema.prisma": PRISMA}, "prisma/schema.prisma"),
    "drizzle": (
        {
            "drizzle/0000_init.sql": f"{CREATE};\n",
            "drizzle/meta/_journal.json": json.dumps(
                {"version": "7", "entries": [{"idx": 0, "when": 7, "tag": "0000_init"}]}
            ),
        },
        "drizzle/0001_unique_crate_lot_id_serial_no.sql",
    ),
    "in code": (
        {
            "src/db.js": """
                const { Pool } = require('pg');
                const pool = new Pool();
                exports.prepare = () => pool.query(`
                  CREATE TABLE IF NOT EXISTS crate (
                    id serial PRIMARY KEY,
                    serial_no text,
                    lot_id int
                  )
                `);
                """
        },
        "src/db.js",
    ),
    "in code, on one line": (
        {
            "src/db.js": "const { Pool } = require('pg');\nconst pool = new Pool();\n"
            "exports.prepare = () => pool.query('CREATE TABLE IF NOT EXISTS crate (id serial "
            "PRIMARY KEY, serial_no text, lot_id int);');\n"
        },
        "src/db.js",
    ),
    "sequelize": (
        {
            "migrations/20250101000000-crate.js": """
                module.exports = { async up(queryInterface, t) {
                  await queryInterface.createTable('crate', {
                    id: { type: t.INTEGER, primaryKey: true }, serial_no: { type: t.STRING },
                    lot_id: { type: t.INTEGER } });
                } };
                """
        },
        "migrations/20250101000001-add-unique-index-to-crate-lot-id-serial-no.js",
    ),
    "knex": (
        {
            "migrations/20250101000000_crate.js": """
                exports.up = (knex) => knex.schema.createTable('crate', (table) => {
                  table.increments('id'); table.string('serial_no'); table.integer('lot_id');
                });
                """
        },
        "migrations/20250101000001_add_unique_index_to_crate_lot_id_serial_no.js",
    ),
    "knex in typescript": (
        {
            "migrations/20250101000000_crate.ts": """
                import type { Knex } from 'knex';
                export async function up(knex: Knex): Promise<void> {
                  await knex.schema.createTable('crate', (table) => {
                    table.increments('id'); table.string('serial_no'); table.integer('lot_id');
                  });
                }
                """
        },
        "migrations/20250101000001_add_unique_index_to_crate_lot_id_serial_no.ts",
    ),
    "node-pg-migrate": (
        {
            "migrations/1700000000000_crate.js": """
                exports.up = (pgm) => {
                  pgm.createTable('crate', { id: 'id', serial_no: 'text', lot_id: 'int' });
                };
                """
        },
        "migrations/1700000000001_add_unique_index_to_crate_lot_id_serial_no.js",
    ),
    "kysely": (
        {
            "migrations/2025_crate.ts": """
                import { Kysely } from 'kysely';
                export async function up(db: Kysely<any>): Promise<void> {
                  await db.schema.createTable('crate')
                    .addColumn('id', 'serial', (col) => col.primaryKey())
                    .addColumn('serial_no', 'text').addColumn('lot_id', 'integer').execute();
                }
                """
        },
        "migrations/2026_add_unique_index_to_crate_lot_id_serial_no.ts",
    ),
    "typeorm": (
        {
            "migrations/1700000000000-Crate.ts": """
                import { MigrationInterface, QueryRunner } from 'typeorm';
                export class Crate1700000000000 implements MigrationInterface {
                  async up(queryRunner: QueryRunner) {
                    await queryRunner.query('CREATE TABLE crate (id serial PRIMARY KEY,'
                      + ' serial_no text, lot_id int)');
                  }
                }
                """
        },
        "migrations/1700000000001-add-unique-index-to-crate-lot-id-serial-no.ts",
    ),
    "alembic": (
        {
            "app/__init__.py": "",
            "app/models.py": MODEL,
            "alembic/versions/a1_first.py": ALEMBIC.format(
                "a1",
                None,
                'op.create_table("crate", sa.Column("id", sa.Integer(), primary_key=True), '
                'sa.Column("serial_no", sa.String()), sa.Column("lot_id", sa.Integer()))',
            ),
            "alembic/versions/b2_second.py": ALEMBIC.format("b2", '"a1"', "pass"),
        },
        "alembic/versions/*_uq_crate_lot_id_serial_no.py",
    ),
    "create_all": (
        {
            "app/__init__.py": "",
            "app/base.py": "from sqlalchemy.orm import declarative_base\n"
            "Base = declarative_base()\n",
            "app/models.py": MODEL,
        },
        "app/models.py",
    ),
    "django": (
        {
            "yard/__init__.py": "",
            "yard/models.py": DJANGO_MODEL,
            "yard/migrations/__init__.py": "",
            "yard/migrations/0001_initial.py": DJANGO_FIRST,
        },
        "yard/migrations/0002_uq_crate_lot_id_serial_no.py",
    ),
}
TREES |= {
    "sync of sequelize": (
        {
            "src/models.js": """
                const { Sequelize, DataTypes } = require('sequelize');
                const sequelize = new Sequelize(process.env.URL);
                exports.Crate = sequelize.define('Crate', {
                  serialNo: { type: DataTypes.STRING, field: 'serial_no' },
                  lot_id: DataTypes.INTEGER,
                }, {
                  tableName: 'crate',
                  timestamps: false,
                });
                exports.start = () => sequelize.sync();
                """
        },
        "src/models.js",
    ),
    "sync of a class": (
        {
            "src/models.js": """
                const { Sequelize, DataTypes, Model } = require('sequelize');
                const sequelize = new Sequelize(process.env.URL);
                class Crate extends Model {}
                Crate.init({ serial_no: DataTypes.STRING, lot_id: DataTypes.INTEGER },
                  { sequelize, tableName: 'crate', indexes: [{ fields: ['lot_id'] }] });
                sequelize.sync();
                """
        },
        "src/models.js",
    ),
    "synchronize of typeorm": (
        {
            "src/crate.ts": """
                import { Column, Entity, PrimaryGeneratedColumn } from 'typeorm';

                @Entity({ name: 'crate' })
                export class Crate {
                  @PrimaryGeneratedColumn() id: number;
                  @Column({ name: 'serial_no' })
                  serialNo!: string;
                  @Column() lot_id: number;
                }
                """
        },
        "src/crate.ts",
    ),
}
COLUMNS = ("lot_id", "serial_no")
FOLDERS = (".",)
GUARDED = ("sequelize", "knex", "knex in typescript")
"""Their statement is put together: that it holds is shown in tests/lab/test_unique_index.py."""


def ground_of(root: Path, files: dict[str, str], **look: object) -> repair.Ground:
    """Two requests looked for a crate by its lot and its number, and both added one."""
    tool = next((each for each in ("kysely", "pgm") if each in "".join(files.values())), None)
    named = {"kysely": "kysely", "pgm": "node-pg-migrate"}.get(tool or "", "pg")
    package = json.dumps({"dependencies": {named: "1"}})
    code = mapped(root, {**files, "package.json": package}, *FOLDERS)
    access = DataAccess(
        model="Crate",
        table="crate",
        method="find",
        access="read",
        library="?",
        location=Location(path="src/http.js", line=3),
        columns=COLUMNS,
    )
    run = parcels.reproduction().run
    assert run is not None
    doubled = Failure(kind="invariant", text="two crates", table="crate")
    caught = replace(parcels.reproduction(), constraint=None, run=replace(run, failures=(doubled,)))
    place = RootLocation(path="src/http.js", line=3, role="look-up", text="")
    return repair.Ground(
        root=root,
        system=replace(parcels.system(root), source=FOLDERS),
        code=replace(code, accesses=(replace(access, **look),)),  # type: ignore[arg-type]
        cause=RootCause(mechanism="check-then-create", title="", sentence="", locations=(place,)),
        reproduction=caught,
        symptom=replace(parcels.symptom(), constraint=None, table="crate"),
    )


def part_of(ground: repair.Ground) -> FixPart | None:
    return next((each for each in repair.draft(ground) if each.key == "c"), None)


@pytest.mark.parametrize("tool", TREES)
def test_the_index_is_there_when_the_tree_is_read_again(tmp_path: Path, tool: str) -> None:
    files, expected = TREES[tool]
    part = part_of(ground_of(tmp_path, files))
    assert part is not None
    assert any(Path(each).match(expected) for each in part.files), list(part.files)
    for path, text in part.files.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text)
        parsed(tmp_path / path)
    if tool in GUARDED:
        (text,) = part.files.values()
        assert "CREATE UNIQUE INDEX CONCURRENTLY" in text
        assert ("acquireConnection" in text) == ("knex" in tool)
        return
    found = mapped(tmp_path, {}, *FOLDERS).constraints
    known = [each for each in found if each.name == "uq_crate_lot_id_serial_no"]
    assert [(each.table, set(each.columns), each.in_force) for each in known[:1]] == [
        ("crate", set(COLUMNS), True)
    ]


def parsed(path: Path) -> None:
    if path.suffix == ".py":
        ast.parse(path.read_text())
    if path.suffix == ".js":
        subprocess.run([str(find_node()), "--check", str(path)], check=True, capture_output=True)


@pytest.mark.parametrize("tool", ["prisma", "prisma db push"])
def test_the_schema_of_prisma_says_it_too(tmp_path: Path, tool: str) -> None:
    part = part_of(ground_of(tmp_path, TREES[tool][0]))
    assert part is not None
    schema = part.files["prisma/schema.prisma"]
    key = '@@unique([lotId, serialNo], map: "uq_crate_lot_id_serial_no")'
    assert f'  @@map("crate")\n  {key}\n}}\n' in schema


def test_the_models_of_python_say_it_too(tmp_path: Path) -> None:
    part = part_of(ground_of(tmp_path, TREES["alembic"][0]))
    assert part is not None and 'down_revision = "b2"' in "".join(part.files.values())
    model = part.files["app/models.py"]
    assert "from sqlalchemy import Column, Index, Integer, String\n" in model
    expected = '(Index("uq_crate_lot_id_serial_no", "lot_id", "serial_no", unique=True),)'
    assert f"    lot_id = Column(Integer)\n    __table_args__ = {expected}\n" in model


def test_django_calls_the_column_as_its_model_does(tmp_path: Path) -> None:
    part = part_of(ground_of(tmp_path, TREES["django"][0]))
    assert part is not None
    constraint = (
        'models.UniqueConstraint(fields=["lot", "serial_no"], name="uq_crate_lot_id_serial_no")'
    )
    migration = part.files["yard/migrations/0002_uq_crate_lot_id_serial_no.py"]
    assert f"            constraint={constraint},\n" in migration
    assert 'dependencies = [("yard", "0001_initial")]' in migration
    model = part.files["yard/models.py"]
    ast.parse(model)
    assert f'        db_table = "crate"\n        constraints = [{constraint}]\n' in model


@pytest.mark.parametrize("meta", ["", "constraints = []", "constraints = [ONE]", "constraints = C"])
def test_what_django_says_of_a_model_already(tmp_path: Path, meta: str) -> None:
    files = dict(TREES["django"][0])
    model = files["yard/models.py"].replace(
        'db_table = "crate"', f'db_table = "crate"\n            {meta}'
    )
    if not meta:
        model = model[: model.index("\n        class Meta")] + "\n    "
        files["yard/migrations/0001_initial.py"] = DJANGO_FIRST.replace(
            '{"db_table": "crate"}', "{}"
        )
    part = part_of(ground_of(tmp_path, {**files, "yard/models.py": model}))
    if meta == "constraints = C":
        assert part is None
        return
    if not meta:
        return
    assert part is not None
    text = part.files["yard/models.py"]
    ast.parse(text)
    assert ("[ONE, models." in text) == ("ONE" in meta)


LEFT = {
    "a look in ranges": ("numbered", {"ranges": ("lot_id",)}),
    "an index that is there": ("numbered", {"columns": ("id",)}),
}


@pytest.mark.parametrize("what", LEFT)
def test_nothing_is_made_unique_that_need_not_be(tmp_path: Path, what: str) -> None:
    tool, look = LEFT[what]
    assert part_of(ground_of(tmp_path, TREES[tool][0], **look)) is None


def test_a_file_that_is_run_by_its_name_gets_the_statement_itself(tmp_path: Path) -> None:
    ground = ground_of(tmp_path, TREES["numbered"][0])
    database = replace(ground.system.services[0], migrate="psql -f db/001_init.sql")
    system = replace(ground.system, services=(database, *ground.system.services[1:]))
    part = part_of(replace(ground, system=system))
    assert part is not None and list(part.files) == ["db/001_init.sql"]
    assert "by hand" in part.why


def test_a_step_in_code_that_is_run_once_is_left_alone(tmp_path: Path) -> None:
    files = {"src/db.js": TREES["in code"][0]["src/db.js"].replace("IF NOT EXISTS ", "")}
    assert part_of(ground_of(tmp_path, files)) is None


def test_classes_that_a_program_lists_are_left_alone(tmp_path: Path) -> None:
    files = dict(TREES["typeorm"][0])
    files["src/source.ts"] = "new DataSource({ migrations: [Crate1700000000000] });\n"
    assert part_of(ground_of(tmp_path, files)) is None


def test_two_heads_of_alembic_are_left_alone(tmp_path: Path) -> None:
    files = dict(TREES["alembic"][0])
    files["alembic/versions/c3.py"] = ALEMBIC.format("c3", '"a1"', "pass")
    assert part_of(ground_of(tmp_path, files)) is None


HARMFUL = {
    "a day as the number": (
        "numbered",
        lambda files: {"db/2024-12-31_init.sql": files["db/001_init.sql"]},
    ),
    "versions with dots": ("flyway", lambda files: {"db/V1.2__init.sql": f"{CREATE};\n"}),
    "a way of its own": ("numbered", lambda files: {"db/001.do.init.sql": f"{CREATE};\n"}),
    "a column that is added later": (
        "a schema that is run once",
        lambda files: {
            "init.sql": f"{CREATE.replace(', lot_id int', '')};\n"
            "ALTER TABLE crate ADD COLUMN lot_id int;\n"
        },
    ),
    "a tagged text": (
        "in code",
        lambda files: {
            "src/db.js": files["src/db.js"].replace("pool.query(`", "sql`").replace("`)", "`")
        },
    ),
    "another ending than the last": (
        "knex",
        lambda files: {
            **files,
            "migrations/20250102000000_more.ts": "export async function up(knex) {}\n",
        },
    ),
    "an app with a label": (
        "django",
        lambda files: {**files, "yard/apps.py": "class Yard(AppConfig):\n    label = 'stock'\n"},
    ),
    "two leaves": (
        "django",
        lambda files: {
            **files,
            "yard/migrations/0002_a.py": SECOND,
            "yard/migrations/0002_b.py": SECOND,
        },
    ),
    "a base of its own": (
        "django",
        lambda files: {
            **files,
            "yard/models.py": DJANGO_MODEL.replace("(models.Model)", "(Dated)").replace(
                '\n        class Meta:\n            db_table = "crate"', ""
            ),
        },
    ),
}
SECOND = """
    from django.db import migrations

    class Migration(migrations.Migration):
        dependencies = [("yard", "0001_initial")]
    """


@pytest.mark.parametrize("what", HARMFUL)
def test_what_would_fail_or_never_run_is_not_written(tmp_path: Path, what: str) -> None:
    tool, change = HARMFUL[what]
    assert part_of(ground_of(tmp_path, change(TREES[tool][0]))) is None


def test_a_migration_by_another_name_is_no_hindrance(tmp_path: Path) -> None:
    files = {**TREES["django"][0], "yard/migrations/0x_bad.py": "", "yard/migrations/0002b.py": ""}
    part = part_of(ground_of(tmp_path, files))
    assert part is not None and any("0002_uq_crate" in each for each in part.files)


def test_a_number_alone_keeps_its_ending(tmp_path: Path) -> None:
    part = part_of(ground_of(tmp_path, {"db/1.sql": f"{CREATE};\n"}))
    assert part is not None
    assert list(part.files) == ["db/2.unique_crate_lot_id_serial_no.sql"]


def test_names_that_need_quotes_have_them() -> None:
    assert written("order") == '"order"' and written("lotId") == '"lotId"'
    assert written("yard.crate") == "yard.crate" and written("yard.user") == '"yard"."user"'
