"""The schema that models in JavaScript and TypeScript say."""

from __future__ import annotations

import pytest
from written_schemas import columns, of, said, uniques

SEQUELIZE = {
    "define": {
        "db.js": """
            const { Sequelize } = require('sequelize');
            module.exports = new Sequelize(process.env.URL, { define: { underscored: true } });
        """,
        "pass.js": """
            const { DataTypes } = require('sequelize');
            const db = require('./db');
            module.exports = db.define('Pass', {
              code: { type: DataTypes.STRING(40), allowNull: false, unique: true },
              gateNumber: { type: DataTypes.STRING, unique: 'one_gate' },
              day: { type: DataTypes.DATEONLY, unique: 'one_gate' },
              ownerId: { type: DataTypes.UUID, field: 'owner', references: { model: 'people' } },
            }, {
              version: true,
              indexes: [
                { unique: true, fields: ['ownerId', 'day'] },
                { unique: true, fields: ['gateNumber'], where: { used: null } },
                { fields: ['code'] },
              ],
            });
        """,
    },
    "factory": {
        "models/index.js": """
            const Sequelize = require('sequelize');
            fs.readdirSync(__dirname).forEach((file) => {
              const model = require(path.join(__dirname, file))(sequelize, Sequelize.DataTypes);
            });
        """,
        "models/pass.js": """
            'use strict';
            const { Model } = require('sequelize');
            module.exports = (sequelize, DataTypes) => {
              class Pass extends Model {
                static associate(models) { this.belongsTo(models.Person); }
              }
              Pass.init({
                code: { type: DataTypes.STRING(40), allowNull: false, unique: { msg: 'taken' } },
                gate_number: { type: DataTypes.STRING, unique: { name: 'one_gate' } },
                day: { type: DataTypes.DATEONLY, unique: { name: 'one_gate' } },
                owner: DataTypes.UUID,
              }, {
                sequelize, modelName: 'Pass', tableName: 'passes', version: true,
                indexes: [
                  { unique: true, fields: ['owner', { name: 'day', order: 'DESC' }] },
                  { unique: true, fields: ['gate_number'], where: { used: null } },
                ],
              });
              return Pass;
            };
        """,
    },
    "old factory": {
        "models/index.js": "const Sequelize = require('sequelize');",
        "models/pass.js": """
            module.exports = function (sequelize, DataTypes) {
              return sequelize.define('pass', {
                code: { type: DataTypes.STRING(40), allowNull: false, unique: true },
                gate_number: { type: DataTypes.STRING, unique: 'one_gate' },
                day: { type: DataTypes.DATEONLY, unique: 'one_gate' },
                owner: DataTypes.UUID, version: DataTypes.INTEGER,
              }, {
                version: true,
                indexes: [
                  { type: 'UNIQUE', fields: ['owner', 'day'] },
                  { unique: true, fields: ['gate_number'], where: { used: null } },
                ],
              });
            };
        """,
    },
    "static init": {
        "pass.ts": """
            import { Model, DataTypes, Sequelize } from 'sequelize';
            const shared = { version: true } as const;
            export class Pass extends Model {
              static setUp(sequelize: Sequelize) {
                return super.init({
                  code: { type: DataTypes.STRING(40), allowNull: false, unique: true },
                  gateNumber: { type: DataTypes.STRING, field: 'gate_number' },
                  day: DataTypes.DATEONLY, owner: DataTypes.UUID,
                }, {
                  sequelize, ...shared, tableName: 'passes', indexes: [
                    { unique: true, fields: ['gate_number', 'day'] },
                    { unique: true, fields: ['owner', 'day'] },
                    { unique: true, fields: ['gateNumber'], where: { used: null } },
                  ],
                });
              }
            }
        """,
    },
    "decorators": {
        "pass.ts": """
            import {
              Table, Column, Model, Unique, Index, DataType, AllowNull,
            } from 'sequelize-typescript';
            @Table({
              tableName: 'passes', version: true,
              indexes: [{ unique: true, fields: ['owner', 'day'] }],
            })
            export class Pass extends Model<Pass> {
              @AllowNull(false) @Unique @Column(DataType.STRING) declare code: string;
              @Unique('one_gate') @Index({ unique: true, where: 'used' })
              @Column({ field: 'gate_number' }) gateNumber: string;
              @Unique('one_gate') @Column(DataType.DATEONLY) day: string;
              @Column owner: string;
            }
        """,
    },
}


@pytest.mark.parametrize("spelling", SEQUELIZE)
def test_sequelize(spelling: str) -> None:
    found = of(SEQUELIZE[spelling])
    assert set(found.tables) == {"passes"}
    assert {one.split(" if ")[0] for one in uniques(found, "passes")} == {
        "id model pk",
        "code model",
        "gate_number+day model",
        "owner+day model",
        "gate_number model",
    }
    table = found.tables["passes"]
    partial = [one for one in table.uniques if one.where]
    assert [one.columns for one in partial] == [("gate_number",)]
    by_name = {one.name: one for one in table.columns}
    assert not by_name["code"].is_nullable
    assert by_name["version"].is_version or spelling == "old factory"
    assert table.is_complete
    assert found.table("Pass") is table or found.table("pass") is table


TYPEORM = {
    "options": """
        import {
          Entity, Column, PrimaryGeneratedColumn, Index, Unique, ManyToOne, OneToOne, JoinColumn,
          VersionColumn,
        } from 'typeorm';
        @Entity({ name: 'passes' })
        @Unique(['gateNumber', 'day'])
        @Index('own', ['owner', 'day'], { unique: true })
        @Index(['gateNumber'], { unique: true, where: 'used IS NULL' })
        export class Pass {
          @PrimaryGeneratedColumn('uuid') id: string;
          @Column({ length: 40, unique: true }) code: string;
          @Column({ name: 'gate_number' }) gateNumber: string;
          @Column('date', { nullable: true }) day: string;
          @ManyToOne(() => Person) @JoinColumn({ name: 'owner_id' }) owner: Person;
          @OneToOne(() => Photo) @JoinColumn({ name: 'photo_id' }) photo: Photo;
          @OneToOne(() => Seat, (s) => s.pass) seat: Seat;
          @VersionColumn() revision: number;
        }
    """,
    "inherited": """
        import * as orm from 'typeorm';
        abstract class Stored {
          @orm.PrimaryColumn() id: number;
          @orm.VersionColumn({ name: 'revision' }) rev: number;
        }
        @orm.Entity('passes')
        @orm.Unique('x', (p: Pass) => [p.gateNumber, p.day])
        @orm.Index(['owner_id', 'day'], { unique: true })
        export class Pass extends Stored {
          @orm.Index({ unique: true }) @orm.Column() code: string;
          @orm.Index({ unique: true, where: 'used IS NULL' })
          @orm.Column({ name: 'gate_number' }) gateNumber: string;
          @orm.Column() day: string;
          @orm.Column() owner_id: string;
          @orm.Column({ unique: true }) photo_id: string;
        }
    """,
    "strategy": """
        import {
          DataSource, Entity, Column, PrimaryGeneratedColumn, Unique, Index, VersionColumn,
        } from 'typeorm';
        import { SnakeNamingStrategy } from 'typeorm-naming-strategies';
        new DataSource({ type: 'postgres', namingStrategy: new SnakeNamingStrategy() });
        @Entity('passes')
        @Unique(['gateNumber', 'day'])
        @Unique(['ownerId', 'day'])
        @Index(['gateNumber'], { unique: true, where: 'used IS NULL' })
        export class Pass {
          @PrimaryGeneratedColumn() id: number;
          @Column({ unique: true }) code: string;
          @Column() gateNumber: string;
          @Column() day: string;
          @Column() ownerId: string;
          @Column({ unique: true }) photoId: string;
          @VersionColumn() revision: number;
        }
    """,
}


@pytest.mark.parametrize("spelling", TYPEORM)
def test_typeorm(spelling: str) -> None:
    found = of({"src/pass.entity.ts": TYPEORM[spelling]})
    assert set(found.tables) == {"passes"}
    assert uniques(found, "passes") == {
        "id model pk",
        "code model",
        "gate_number+day model",
        "owner_id+day model",
        "gate_number model if used IS NULL",
        "photo_id model",
    }
    assert "revision" in [one.name for one in found.tables["passes"].columns]
    # ``save`` raises it and does not compare it.
    assert not any(one.is_version for one in found.tables["passes"].columns)


PRISMA = """
    generator client { provider = "prisma-client-js" }
    datasource db { provider = "postgresql" url = env("DATABASE_URL") }
    enum Kind { DAY NIGHT }
    // model Ghost { id Int @id }
    model Pass {
      id      Int      @id @default(autoincrement())
      code    String   @unique(map: "one_code") @db.VarChar(40) // @unique
      gate    String   @map("gate_number")
      day     DateTime? @default(now())
      kind    Kind     @default(DAY)
      tags    String[]
      owner   Person   @relation(fields: [ownerId], references: [id])
      ownerId Int      @map("owner_id")
      @@unique([gate, day], name: "gateDay", map: "one_gate")
      @@unique(fields: [ownerId, day])
      @@index([gate])
      @@map("passes")
    }
    model Person {
      first String
      last  String
      email String @unique
      passes Pass[]
      @@id([first, last])
    }
"""


def test_prisma() -> None:
    found = of({"prisma/schema.prisma": PRISMA})
    assert set(found.tables) == {"passes", "Person"}
    assert uniques(found, "Pass") == {
        "id model pk",
        "code model",
        "gate_number+day model",
        "owner_id+day model",
    }
    assert uniques(found, "Person") == {"first+last model pk", "email model"}
    assert columns(found, "passes") == [
        *("id", "code", "gate_number", "day", "kind", "tags", "owner_id"),
    ]
    by_name = {one.name: one for one in found.tables["passes"].columns}
    assert by_name["gate_number"].attribute == "gate"
    assert by_name["day"].is_nullable
    assert by_name["id"].default == "autoincrement()"
    one = next(each for each in found.tables["passes"].uniques if each.name == "one_gate")
    assert str(one.location) == "prisma/schema.prisma:15"


MIGRATED = """
    CREATE TABLE "passes" ("id" SERIAL PRIMARY KEY, "code" TEXT, "gate_number" TEXT, "day" DATE,
      "kind" TEXT, "tags" TEXT[], "owner_id" INT);
    CREATE UNIQUE INDEX "one_code" ON "passes"("code");
    CREATE UNIQUE INDEX "one_gate" ON "passes"("gate_number", "day");
    CREATE UNIQUE INDEX "one_tag" ON "passes"("tags");
"""


def test_prisma_and_its_migrations() -> None:
    files = {
        "prisma/schema.prisma": PRISMA,
        "prisma/migrations/20230101_a/migration.sql": MIGRATED,
    }
    found = of(files)
    assert said(found) == {
        "passes: owner_id+day missing in migration",
        "passes: tags missing in model",
    }
    pushing = {"package.json": '{"scripts": {"start": "prisma db push && node ."}}'}
    assert said(of({**files, **pushing})) == {"passes: tags missing in model"}
    both = '{"scripts": {"dev": "prisma db push", "start": "prisma migrate deploy && node ."}}'
    assert len(said(of({**files, "package.json": both}))) == 2


DRIZZLE = {
    "object": """
        import {
          pgTable, serial, text, date, integer, uniqueIndex, unique, index,
        } from 'drizzle-orm/pg-core';
        import { sql } from 'drizzle-orm';
        export const people = pgTable('people', { id: integer('id').primaryKey() });
        export const passes = pgTable('passes', {
          id: serial('id').primaryKey(),
          code: text('code').notNull().unique(),
          gate: text('gate_number'),
          day: date('day').defaultNow(),
          ownerId: integer('owner_id').references(() => people.id),
        }, (table) => ({
          gateDay: unique('one_gate').on(table.gate, table.day),
          own: uniqueIndex('own').on(table.ownerId, table.day),
          part: uniqueIndex('part').on(table.gate).where(sql`used IS NULL`),
          low: uniqueIndex('low').on(sql`lower(${table.code})`),
          plain: index('plain').on(table.code),
        }));
    """,
    "list": """
        import * as pg from 'drizzle-orm/pg-core';
        import { sql } from 'drizzle-orm';
        export const passes = pg.pgTable('passes', (t) => ({
          id: t.integer().primaryKey(),
          code: t.text().notNull().unique('one_code'),
          gate: t.text('gate_number'),
          day: t.date(),
          ownerId: t.integer('owner_id'),
        }), (table) => [
          pg.unique().on(table.gate, table.day),
          pg.uniqueIndex().on(table.ownerId, table.day),
          pg.uniqueIndex().on(table.gate).where(sql`used IS NULL`),
          pg.uniqueIndex().on(sql`lower(${table.code})`),
        ]);
    """,
}


@pytest.mark.parametrize("spelling", DRIZZLE)
def test_drizzle(spelling: str) -> None:
    found = of({"src/schema.ts": DRIZZLE[spelling]})
    assert uniques(found, "passes") == {
        "id model pk",
        "code model",
        "gate_number+day model",
        "owner_id+day model",
        "gate_number model if used IS NULL",
        "lower(code) model",
    }
    by_name = {one.name: one for one in found.tables["passes"].columns}
    assert by_name["gate_number"].attribute == "gate"
    assert not by_name["code"].is_nullable
    assert by_name["day"].is_nullable


def test_drizzle_with_a_key_of_two_columns() -> None:
    text = """
        import { mysqlTable, int, primaryKey } from 'drizzle-orm/mysql-core';
        export const a = mysqlTable('a', { x: int('x'), y: int('y') },
          (t) => ({ key: primaryKey({ columns: [t.x, t.y] }) }));
    """
    assert uniques(of({"schema.ts": text}), "a") == {"x+y model pk"}


MONGOOSE = {
    "commonjs": """
        const mongoose = require('mongoose');
        const schema = new mongoose.Schema({
          code: { type: String, required: true, unique: true },
          gate: { number: { type: String } }, day: Date,
        }, { optimisticConcurrency: true });
        schema.index({ 'gate.number': 1, day: 1 }, { unique: true });
        schema.index({ day: 1 });
        module.exports = mongoose.model('Pass', schema);
    """,
    "esm": """
        import { Schema, model } from 'mongoose';
        const fields = { code: { type: String, required: true, index: { unique: true } } };
        const schema = new Schema<IPass>(
          { ...fields, gate: { number: String }, day: Date },
          { collection: 'passes', optimisticConcurrency: true });
        schema.index({ 'gate.number': 1, day: 1 }, { unique: true });
        export const Pass = model<IPass>('Pass', schema);
    """,
}


@pytest.mark.parametrize("spelling", MONGOOSE)
def test_mongoose(spelling: str) -> None:
    found = of({"models/pass.ts": MONGOOSE[spelling]})
    assert uniques(found, "passes") == {"_id model pk", "code model", "gate.number+day model"}
    assert [one.name for one in found.tables["passes"].columns if one.is_version] == ["__v"]


MIGRATION = """
    module.exports = {
      async up(queryInterface, Sequelize) {
        await queryInterface.createTable('passes', {
          id: { type: Sequelize.INTEGER, primaryKey: true }, code: Sequelize.STRING,
          gate_number: Sequelize.STRING, day: Sequelize.DATEONLY, owner: Sequelize.UUID,
        });
        await queryInterface.addIndex('passes', ['code'], { unique: true });
      },
      async down(queryInterface) { await queryInterface.dropTable('passes'); },
    };
"""


@pytest.mark.parametrize("spelling", SEQUELIZE)
def test_what_only_a_model_of_sequelize_says(spelling: str) -> None:
    found = of({**SEQUELIZE[spelling], "migrations/20230101000000-a.js": MIGRATION})
    assert said(found) == {
        "passes: gate_number+day missing in migration",
        "passes: owner+day missing in migration",
        "passes: gate_number missing in migration",
    }


@pytest.mark.parametrize(
    "text",
    [
        "const db = require('./db'); db.sync({ alter: true }).then(() => app.listen(80));",
        "const { sequelize } = require('./models'); await sequelize.sync();",
        "import { Pass } from './pass.js'; await Pass.sync({ force: false });",
    ],
)
def test_sync_makes_what_the_models_say(text: str) -> None:
    files = {
        "db.js": "const { Sequelize } = require('sequelize'); module.exports = new Sequelize('x');",
        "pass.js": """
            import { DataTypes, Model } from 'sequelize';
            import db from './db';
            export class Pass extends Model {}
            Pass.init({ code: { type: DataTypes.STRING, unique: true } }, { sequelize: db });
        """,
        "migrations/1.sql": 'CREATE TABLE "Passes" (id int PRIMARY KEY, code text);',
    }
    assert said(of(files)) == {"Passes: code missing in migration"}
    assert said(of({**files, "main.js": text})) == set()


@pytest.mark.parametrize(
    "text",
    [
        "new DataSource({ type: 'postgres', synchronize: true })",
        "createConnection({ type: 'postgres', synchronize: true })",
    ],
)
def test_synchronize_makes_what_the_entities_say(text: str) -> None:
    files = {
        "pass.ts": TYPEORM["options"],
        "migrations/1.sql": MIGRATED,
    }
    assert "passes: owner_id+day missing in migration" not in said(of({}))
    assert any("missing in migration" in one for one in said(of(files)))
    main = f"import {{ DataSource, createConnection }} from 'typeorm';\n{text};"
    assert not any("missing in migration" in one for one in said(of({**files, "main.ts": main})))


def test_what_only_looks_like_a_model() -> None:
    found = of(
        {
            "amd.js": "define('jquery', { a: { unique: true } }); editor.define('x', { y: {} });",
            "other.ts": """
                import { Entity, Column } from './decorators';
                @Entity('t') export class T { @Column({ unique: true }) a: string; }
            """,
            "x.js": "const s = new Schema({ a: { unique: true } }); model('A', s); w.init({}, {});",
            "y.prisma": 'datasource db { provider = "sqlite" }',
        }
    )
    assert found.tables == {}
