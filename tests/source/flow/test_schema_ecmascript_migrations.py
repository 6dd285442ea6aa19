"""The schema that migrations in JavaScript and TypeScript leave."""

from __future__ import annotations

import json

import pytest
from written_schemas import columns, of, uniques

SEQUELIZE = {
    "commonjs": """
        'use strict';
        const TABLE = 'passes';
        module.exports = {
          up: async (queryInterface, Sequelize) => {
            await queryInterface.createTable(TABLE, {
              id: { type: Sequelize.INTEGER, primaryKey: true, autoIncrement: true },
              code: { type: Sequelize.STRING(40), allowNull: false, unique: true },
              gate: { type: Sequelize.STRING, unique: 'one_gate' },
              day: { type: Sequelize.DATEONLY, unique: 'one_gate' },
              owner_id: { type: Sequelize.UUID, references: { model: 'people', key: 'id' } },
            }, { uniqueKeys: { own: { fields: ['owner_id', 'day'] } } });
            await queryInterface.addIndex(TABLE, ['gate'], { unique: true, where: { used: null } });
            await queryInterface.addIndex(TABLE, ['owner_id']);
          },
          down: async (queryInterface) => { await queryInterface.dropTable(TABLE); },
        };
    """,
    "promises": """
        exports.up = function (q, { INTEGER, STRING, DATEONLY, UUID }) {
          return q.createTable('passes', {
            id: { type: INTEGER, primaryKey: true },
            code: { type: STRING(40), allowNull: false, unique: true },
            gate: STRING, day: DATEONLY, owner_id: { type: UUID },
          }).then(() => q.addConstraint('passes', ['gate', 'day'], { type: 'unique', name: 'one' }))
            .then(function () {
              return Promise.all([
                q.addConstraint('passes', { fields: ['owner_id', 'day'], type: 'unique' }),
                q.addIndex('passes', { fields: ['gate'], unique: true, where: { used: null } }),
              ]);
            });
        };
        exports.down = (q) => q.dropTable('passes');
    """,
    "umzug": """
        import { QueryInterface, DataTypes } from 'sequelize';
        import type { MigrationFn } from 'umzug';
        export const up: MigrationFn<QueryInterface> = async ({ context: q }) => {
          await q.sequelize.transaction(async (transaction) => {
            await q.createTable('passes', {
              id: { type: DataTypes.INTEGER, primaryKey: true },
              code: { type: DataTypes.STRING(40), allowNull: false },
              gate: DataTypes.STRING, day: DataTypes.DATEONLY, owner_id: { type: DataTypes.UUID },
            }, { transaction });
            for (const fields of [['code'], ['gate', 'day'], ['owner_id', 'day']]) {
              await q.addConstraint('passes', { fields, type: 'unique', transaction });
            }
            await q.sequelize.query(
              `CREATE UNIQUE INDEX one_gate ON passes (gate) WHERE used = null`, { transaction });
          });
        };
        export const down: MigrationFn = async ({ context: q }) => q.dropTable('passes');
    """,
    "class": """
        import { QueryInterface, DataTypes } from 'sequelize';
        const shared = { id: { type: DataTypes.INTEGER, primaryKey: true } };
        export default {
          async up(queryInterface: QueryInterface): Promise<void> {
            await queryInterface.createTable({ tableName: 'passes' }, {
              ...shared, code: { type: DataTypes.STRING }, gate: DataTypes.STRING,
              day: DataTypes.DATEONLY, owner_id: DataTypes.UUID,
            });
            await queryInterface.changeColumn('passes', 'code', { type: 'TEXT', unique: true });
            await uniques(queryInterface, 'gate', 'day');
            await uniques(queryInterface, 'owner_id', 'day');
            await queryInterface.addIndex('passes', ['gate'],
              { type: 'UNIQUE', where: { used: null } });
          },
          async down(queryInterface: QueryInterface) { await queryInterface.dropTable('passes'); },
        };
        async function uniques(queryInterface: QueryInterface, ...fields: string[]) {
          await queryInterface.addConstraint('passes', { fields, type: 'unique' });
        }
    """,
}
KNEX = {
    "arrows": """
        exports.up = async (knex) => {
          await knex.schema.createTable('passes', (table) => {
            table.increments();
            table.string('code', 40).notNullable().unique();
            table.string('gate').index();
            table.date('day');
            table.integer('owner_id').references('people.id').onDelete('CASCADE');
            table.unique(['gate', 'day']);
            table.unique(['owner_id', 'day'], { indexName: 'own' });
            table.timestamps(true, true);
          });
          await knex.raw('CREATE UNIQUE INDEX one ON passes (gate) WHERE used = null');
        };
        exports.down = (knex) => knex.schema.dropTable('passes');
    """,
    "chains": """
        import type { Knex } from 'knex';
        export function up(db: Knex): Promise<void> {
          return db.transaction((trx) => trx.schema
            .createTable('passes', function (t) {
              t.bigIncrements('id');
              t.specificType('code', 'citext').notNullable();
              t.string('gate'); t.date('day'); t.integer('owner_id');
            })
            .alterTable('passes', (t) => { t.unique('code'); t.unique(['gate', 'day'], 'x'); })
            .raw(`create unique index one on passes (gate) where used = null`)
            .alterTable('passes', function () { this.unique(['owner_id', 'day']); }));
        }
        export async function down(db: Knex) { await db.schema.dropTable('passes'); }
    """,
}
PG_MIGRATE = {
    "commonjs": """
        exports.shorthands = undefined;
        exports.up = (pgm) => {
          pgm.createTable('passes', {
            id: 'id',
            code: { type: 'varchar(40)', notNull: true, unique: true },
            gate: 'text', day: 'date', owner_id: { type: 'uuid', references: '"people"' },
          }, { constraints: { unique: [['gate', 'day'], ['owner_id', 'day']] } });
          pgm.createIndex('passes', 'gate', { unique: true, where: 'used = null' });
          pgm.createIndex('passes', 'owner_id');
        };
        exports.down = (pgm) => { pgm.dropTable('passes'); };
    """,
    "types": """
        import { MigrationBuilder, ColumnDefinitions } from 'node-pg-migrate';
        export const shorthands: ColumnDefinitions | undefined = undefined;
        export async function up(pgm: MigrationBuilder): Promise<void> {
          pgm.createTable({ name: 'passes' }, {
            id: { type: 'bigserial', primaryKey: true }, code: { type: 'text' }, gate: 'text',
            day: 'date', owner_id: 'uuid',
          });
          pgm.addConstraint('passes', 'a', { unique: ['code'] });
          pgm.addConstraint('passes', 'b', 'UNIQUE (gate, day)');
          pgm.addConstraint('passes', 'c', { unique: ['owner_id', 'day'] });
          pgm.sql(`CREATE UNIQUE INDEX d ON passes (gate) WHERE used = null`);
        }
        export async function down(pgm: MigrationBuilder) { pgm.dropTable('passes'); }
    """,
}
TYPEORM = {
    "sql": """
        import { MigrationInterface, QueryRunner } from 'typeorm';
        export class First1680000000000 implements MigrationInterface {
          name = 'First1680000000000';
          public async up(queryRunner: QueryRunner): Promise<void> {
            await queryRunner.query(`CREATE TABLE "passes" ("id" SERIAL NOT NULL, "code" text,
              "gate" text, "day" date, "owner_id" uuid, CONSTRAINT "UQ_1" UNIQUE ("code"),
              CONSTRAINT "PK_1" PRIMARY KEY ("id"))`);
            await queryRunner.query(
              `ALTER TABLE "passes" ADD CONSTRAINT "UQ_2" UNIQUE ("gate", "day")`);
            await queryRunner.query(`CREATE UNIQUE INDEX "I1" ON "passes" ("owner_id", "day") `);
            await queryRunner.query(
              'CREATE UNIQUE INDEX "I2" ON "passes" ("gate") WHERE used = null');
          }
          public async down(queryRunner: QueryRunner): Promise<void> {
            await queryRunner.query(`DROP TABLE "passes"`);
          }
        }
    """,
    "objects": """
        const { Table, TableIndex, TableUnique, TableColumn } = require('typeorm');
        module.exports = class First1680000000000 {
          async up(queryRunner) {
            await queryRunner.createTable(new Table({
              name: 'passes',
              columns: [
                { name: 'id', type: 'int', isPrimary: true, isGenerated: true },
                { name: 'code', type: 'varchar', isUnique: true },
                { name: 'gate', type: 'varchar' }, { name: 'owner_id', type: 'uuid' },
              ],
              uniques: [{ columnNames: ['owner_id', 'day'] }],
              indices: [{ columnNames: ['gate'] }],
            }), true);
            await queryRunner.addColumn('passes', new TableColumn({ name: 'day', type: 'date' }));
            await queryRunner.createUniqueConstraint('passes',
              new TableUnique({ name: 'x', columnNames: ['gate', 'day'] }));
            await queryRunner.createIndex('passes',
              new TableIndex({ columnNames: ['gate'], isUnique: true, where: 'used = null' }));
          }
          async down(queryRunner) { await queryRunner.dropTable('passes'); }
        };
    """,
    "mikro-orm": """
        import { Migration } from '@mikro-orm/migrations';
        export class Migration20230101 extends Migration {
          async up(): Promise<void> {
            this.addSql('create table "passes" ("id" serial primary key, "code" text unique, '
              + '"gate" text, "day" date, "owner_id" uuid);');
            this.addSql('alter table "passes" add constraint "a" unique ("gate", "day");');
            this.addSql('alter table "passes" add constraint "b" unique ("owner_id", "day");');
            this.addSql('create unique index "c" on "passes" ("gate") where used = null;');
          }
          async down(): Promise<void> { this.addSql('drop table "passes";'); }
        }
    """,
}
WRITTEN = [
    (f"{tool}-{spelling}", text, "ts" if "import" in text else "js")
    for tool, spellings in (
        ("sequelize", SEQUELIZE),
        ("knex", KNEX),
        ("node-pg-migrate", PG_MIGRATE),
        ("typeorm", TYPEORM),
    )
    for spelling, text in spellings.items()
]


@pytest.mark.parametrize(
    ("text", "ending"), [one[1:] for one in WRITTEN], ids=[one[0] for one in WRITTEN]
)
def test_the_same_table_in_every_tool(text: str, ending: str) -> None:
    found = of({f"db/migrations/20230101-passes.{ending}": text})
    assert uniques(found, "passes") == {
        "id migration pk",
        "code migration",
        "gate+day migration",
        "owner_id+day migration",
        "gate migration if used = null",
    }
    assert {"id", "code", "gate", "day", "owner_id"} <= set(columns(found, "passes"))
    assert found.tables["passes"].is_complete
    assert found.limits == ()


SECOND = {
    "sequelize": """
        module.exports = {
          async up(queryInterface, Sequelize) {
            await queryInterface.removeConstraint('passes', 'one_code');
            await queryInterface.renameColumn('passes', 'gate', 'door');
            await queryInterface.renameTable('passes', 'tickets');
            await queryInterface.addColumn('tickets', 'token',
              { type: Sequelize.UUID, unique: true });
            await queryInterface.removeColumn('tickets', 'day');
          },
          async down(queryInterface) { await queryInterface.renameTable('tickets', 'passes'); },
        };
    """,
    "knex": """
        exports.up = async function (knex) {
          await knex.schema.alterTable('passes', (t) => {
            t.dropUnique(['code'], 'one_code');
            t.renameColumn('gate', 'door');
          });
          await knex.schema.renameTable('passes', 'tickets');
          await knex.schema.table('tickets', (t) => {
            t.uuid('token').unique();
            t.dropColumn('day');
          });
        };
        exports.down = async function (knex) { await knex.schema.dropTable('tickets'); };
    """,
    "node-pg-migrate": """
        exports.up = (pgm) => {
          pgm.dropConstraint('passes', 'one_code');
          pgm.renameColumn('passes', 'gate', 'door');
          pgm.renameTable('passes', 'tickets');
          pgm.addColumns('tickets', { token: { type: 'uuid', unique: true } });
          pgm.dropColumns('tickets', ['day']);
        };
        exports.down = false;
    """,
    "typeorm": """
        export class Second1690000000000 {
          async up(queryRunner) {
            await queryRunner.dropUniqueConstraint('passes', 'one_code');
            await queryRunner.renameColumn('passes', 'gate', 'door');
            await queryRunner.renameTable('passes', 'tickets');
            await queryRunner.query('ALTER TABLE tickets ADD COLUMN token uuid UNIQUE');
            await queryRunner.dropColumn('tickets', 'day');
          }
          async down(queryRunner) { await queryRunner.dropTable('tickets'); }
        }
    """,
}


@pytest.mark.parametrize("tool", SECOND)
def test_what_a_second_migration_drops_and_renames(tool: str) -> None:
    first = """
        CREATE TABLE passes (id int PRIMARY KEY, code text, gate text, day date,
          CONSTRAINT one_code UNIQUE (code), UNIQUE (gate), UNIQUE (gate, day));
    """
    found = of({"migrations/1_first.sql": first, "migrations/2_second.js": SECOND[tool]})
    assert uniques(found, "tickets") == {
        "id migration pk",
        "gate migration".replace("gate", "door"),
        "token migration",
    }
    assert "passes" not in found.tables


COMPUTED = {
    "sequelize": "exports.up = (q, S) => q.addIndex('passes', fieldsOf('passes'), {unique: true});",
    "sequelize-sql": """
        exports.up = async (queryInterface, S) => {
          const sql = require('fs').readFileSync(__dirname + '/a.txt', 'utf8');
          await queryInterface.sequelize.query(sql);
        };
    """,
    "knex": """
        exports.up = (k) => k.schema.alterTable('passes', (t) => { t.unique(process.env.C); });
    """,
    "knex-raw": "exports.up = (k) => k.schema.raw(await (await fetch(u)).text());",
    "node-pg-migrate": """
        exports.up = (pgm) => { pgm.createIndex('passes', COLS, {unique: true}); };
    """,
    "typeorm": "export class A1690000000000 { async up(r) { await r.query(text()); } }",
}


@pytest.mark.parametrize("tool", COMPUTED)
def test_of_what_a_migration_computes_nothing_is_claimed(tool: str) -> None:
    first = "CREATE TABLE passes (id int PRIMARY KEY);"
    found = of({"migrations/1_first.sql": first, "migrations/2_second.js": COMPUTED[tool]})
    assert not found.tables["passes"].is_complete
    assert any("2_second.js:" in one for one in found.limits)


@pytest.mark.parametrize(
    ("package", "works"), [("sequelize", True), ("node-pg-migrate", True), ("express", False)]
)
def test_what_the_package_depends_on_tells_the_tool(package: str, works: bool) -> None:
    text = "exports.up = (x) => x.createTable('t', { a: { type: 'INT', unique: true } });"
    manifest = json.dumps({"dependencies": {package: "1.0.0"}})
    found = of({"package.json": manifest, "migrations/1.js": text})
    assert ("t" in found.tables) == works


def test_functions_called_up_that_migrate_nothing() -> None:
    found = of(
        {
            "src/elevator.js": """
                exports.up = (car) => {
                  car.addColumn('x');
                  car.query('ALTER TABLE t ADD UNIQUE (a)');
                };
            """,
            "src/keys.ts": "export class Keys { up(event) { event.createTable('x'); } }",
        }
    )
    assert found.tables == {}
