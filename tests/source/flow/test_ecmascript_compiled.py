"""Decorators and ``async`` as compilers write them mean what they meant in the source."""

from __future__ import annotations

from pathlib import Path as File

import pytest
from written_programs import charted, events, kinds, path_of

from redhanded.source.flow.languages.ecmascript.lowering import lower
from redhanded.source.flow.values import Input

ENTITY = """
    "use strict";
    var __decorate = (this && this.__decorate) || function (decorators, target, key, desc) {};
    const typeorm_1 = require("typeorm");
    let Seat = class Seat extends typeorm_1.BaseEntity {};
    exports.Seat = Seat;
    __decorate([
        (0, typeorm_1.PrimaryGeneratedColumn)(),
        __metadata("design:type", Number)
    ], Seat.prototype, "id", void 0);
    __decorate([
        (0, typeorm_1.Column)({ name: "show_id", unique: true }),
        __metadata("design:type", Number)
    ], Seat.prototype, "showId", void 0);
    exports.Seat = Seat = __decorate([
        (0, typeorm_1.Entity)("seats")
    ], Seat);
"""
CONTROLLER = """
    "use strict";
    const common_1 = require("@nestjs/common");
    const typeorm_1 = require("@nestjs/typeorm");
    const typeorm_2 = require("typeorm");
    const seat_1 = require("./seat");
    let SeatsController = class SeatsController {
        constructor(seats) { this.seats = seats; }
        async add(show) {
            const there = await this.seats.findOneBy({ showId: show });
            if (!there) await this.seats.insert({ showId: show });
        }
    };
    exports.SeatsController = SeatsController;
    __decorate([
        (0, common_1.Post)(),
        __param(0, (0, common_1.Body)("show")),
        __metadata("design:paramtypes", [Number]),
        __metadata("design:returntype", Promise)
    ], SeatsController.prototype, "add", null);
    exports.SeatsController = SeatsController = __decorate([
        (0, common_1.Controller)("seats"),
        __param(0, (0, typeorm_1.InjectRepository)(seat_1.Seat)),
        __metadata("design:paramtypes", [typeorm_2.Repository])
    ], SeatsController);
"""


def test_a_controller_and_an_entity_that_typescript_compiled(tmp_path: File) -> None:
    files = {
        "package.json": '{"dependencies": {"typeorm": "0.3", "@nestjs/common": "11"}}',
        "src/seat.js": ENTITY,
        "src/seats.controller.js": CONTROLLER,
    }
    found = charted(tmp_path, files)
    path = path_of(found, "POST /seats")
    rows = [effect for _, effect in events(path) if effect.store == "database"]
    assert [one.kind for one in rows] == ["read", "insert"]
    read = rows[0]
    assert read.where == {"show_id": Input("request", ("body", "show"))}
    uniques = [one.columns for one in found.schema.tables["seats"].uniques]
    assert ("show_id",) in uniques


@pytest.mark.parametrize(
    ("decorate", "parameter"),
    [
        ("__decorate", "__param"),
        ("_ts_decorate", "_ts_param"),
        ("__decorateClass", "__decorateParam"),
    ],
    ids=["typescript", "swc", "esbuild"],
)
def test_decorators_of_each_compiler(decorate: str, parameter: str) -> None:
    module = lower(
        "a.js",
        f"""
        class A {{ go(x) {{}} }}
        {decorate}([Post(), {parameter}(0, Body("x"))], A.prototype, "go", 1);
        A = {decorate}([Controller("a")], A);
        """.encode(),
    )
    (one,) = module.classes
    method = module.functions[one.methods[0]]
    assert (len(one.decorators), len(method.decorators)) == (1, 1)
    assert len(method.parameters[0].decorators) == 1


def test_a_type_that_the_compiler_first_looks_for() -> None:
    module = lower(
        "a.js",
        b"""
        class A { constructor(db) {} }
        A = __decorate([Injectable(), __metadata("design:paramtypes", [
          typeof (_a = typeof db_1.Db !== "undefined" && db_1.Db) === "function" ? _a : Object
        ])], A);
        """,
    )
    constructor = module.functions[module.classes[0].methods[0]]
    assert getattr(constructor.parameters[0].annotation, "name", "") == "Db"


def test_what_awaits_in_a_generator(tmp_path: File) -> None:
    app = """
    const express = require('express');
    const { Pool } = require('pg');
    const pool = new Pool();
    const app = express();
    function add(code) {
      return __awaiter(this, void 0, void 0, function* () {
        const found = yield pool.query('SELECT id FROM seats WHERE code = $1', [code]);
        if (found.rows.length === 0)
          yield pool.query('INSERT INTO seats (code) VALUES ($1)', [code]);
      });
    }
    app.post('/seats', (req, res) => __awaiter(void 0, void 0, void 0, function* () {
      yield add(req.body.code);
      res.json({});
    }));
    """
    files = {"package.json": '{"dependencies": {"pg": "8", "express": "4"}}', "app.js": app}
    path = path_of(charted(tmp_path, files), "POST /seats")
    assert kinds(path) == ["read seats", "insert seats"]
    assert all(event.awaited for event, _ in events(path))
