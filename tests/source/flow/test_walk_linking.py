"""How values come to where they are used: injection, factories, folders, closures, inheritance."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from shelf import paths_of, told

PROGRAMS = {
    "constructor injection": (
        {
            "ctrl.ts": """
                import { Injectable, Inject } from '@nestjs/common';
                import { on } from 'shelf';
                import { Stock } from './stock';
                @Injectable()
                export class Desk {
                  constructor(private readonly stock: Stock, @Inject('CLOCK') private at: Clock) {}
                  async take(req) { await this.stock.take(req.id); await this.at.tick(); }
                }
                """,
            "stock.ts": """
                import { table } from 'shelf';
                export abstract class Base {
                  protected name = 'base';
                  protected write(id: string) { return table(this.name).update(id); }
                }
                export class Stock extends Base {
                  protected name = 'stock';
                  async take(id: string) { await super.write(id); }
                }
                """,
            "clock.ts": """
                import { table } from 'shelf';
                import '@nestjs/common';
                class Ticking { async tick() { await table('ticks').create(1); } }
                export const providers = [{ provide: 'CLOCK', useClass: Ticking }];
                """,
        },
        "Desk.take",
        ["update stock", "insert ticks"],
    ),
    "factory": (
        {
            "main.js": """
                const shelf = require('shelf');
                const makeDesk = require('./desk');
                const desk = makeDesk({ db: shelf, name: 'stock' });
                require('./routes')(shelf, desk);
                """,
            "desk.js": """
                module.exports = ({ db, name = 'none' }) => {
                  const rows = () => db.table(name);
                  return { take: async (id) => rows().update(id), ...more(db) };
                };
                const more = (db) => ({ async log(text) { await db.table('log').create(text); } });
                """,
            "routes.js": """
                module.exports = function routes(app, { take, log }) {
                  const wrap = (fn) => (req, res, next) =>
                    Promise.resolve(fn(req, res)).catch(next);
                  app.on('x', wrap(async (req) => { await take(req.id); await log('took'); }));
                };
                """,
        },
        "x",
        ["update stock", "insert log"],
    ),
    "folder": (
        {
            "routes/index.js": """
                const fs = require('fs');
                const path = require('path');
                const shelf = require('shelf');
                const models = {};
                fs.readdirSync(__dirname)
                  .filter((file) => file !== path.basename(__filename) && file.slice(-3) === '.js')
                  .forEach((file) => {
                    const model = require(path.join(__dirname, file))(shelf);
                    models[model.name] = model;
                  });
                shelf.on('x', async () => {
                  await models.Books.add(1); await models.Loans.add(1);
                });
                """,
            "routes/books.js": """
                module.exports = (shelf) => class Books {
                  static add(one) { return shelf.table('books').create(one); }
                };
                """,
            "routes/loans.js": """
                module.exports = (shelf) => {
                  class Loans { static async add(one) { await shelf.table('loans').create(one); } }
                  return Loans;
                };
                """,
        },
        "x",
        ["insert books", "insert loans"],
    ),
    "promise chains and callbacks": (
        {
            "a.js": """
                const shelf = require('shelf');
                shelf.on('x', (req, res, next) => {
                  shelf.table('a').find(req.id)
                    .then((row) => shelf.table('b').update({ left: row.left - 1 }))
                    .then(function () { return shelf.table('c').create(1); }, next)
                    .catch((error) => shelf.table('d').create(error))
                    .finally(() => shelf.send('e'));
                });
                """
        },
        "x",
        ["read a", "update b", "insert c", "insert d", "send"],
    ),
    "dependencies that yield": (
        {
            "deps.py": """
                import shelf

                def session():
                    handle = shelf.begin()
                    try:
                        yield handle
                    finally:
                        handle.commit()
                """,
            "a.py": """
                from typing import Annotated
                from shelf import route, table, Needs
                from deps import session

                Session = Annotated[object, Needs(session)]

                def current(db: Session):
                    return table("users").find(1, db)

                @route("x")
                def x(db: Session, user=Needs(current)):
                    table("a").create(user.id, db)
                """,
        },
        "x",
        ["begin", "read users in 0", "insert a in 0", "commit in 0"],
    ),
    "module object and instances": (
        {
            "app/__init__.py": "",
            "app/store.py": """
                import shelf

                class Store:
                    kind = "a"

                    def __init__(self, name):
                        self.name = name
                        self.rows = shelf.table(name)

                    @property
                    def all(self):
                        return self.rows

                    @classmethod
                    def of(cls, name):
                        return cls(name)

                    def put(self, one):
                        return self.all.create(one)

                store = Store.of("kept")
                """,
            "app/web.py": """
                import app.store as stores
                from app import store as again
                from shelf import route

                @route("x")
                def x(one):
                    stores.store.put(one)
                    again.Store("other").put(one)
                """,
        },
        "x",
        ["insert kept", "insert other"],
    ),
    "decorators of the program": (
        {
            "a.py": """
                import functools
                from shelf import route, table

                def checked(kind):
                    def decorate(function):
                        @functools.wraps(function)
                        def wrapper(*args, **kwargs):
                            if not table(kind).find(1):
                                raise PermissionError
                            return function(*args, **kwargs)
                        return wrapper
                    return decorate

                @route("x")
                @checked("rights")
                def x(one):
                    table("a").create(one)
                """
        },
        "x",
        ["read rights", "insert a"],
    ),
}


@pytest.mark.parametrize("name", list(PROGRAMS))
def test_what_is_called(tmp_path: Path, name: str) -> None:
    files, entry, expected = PROGRAMS[name]
    path = paths_of(tmp_path, files)[entry]
    assert [re.sub(r" @\d+| detached| loop", "", one) for one in told(path)] == expected
    assert path.limits == ()


def test_a_guard_in_a_decorator_holds_for_the_function(tmp_path: Path) -> None:
    files, entry, _ = PROGRAMS["decorators of the program"]
    path = paths_of(tmp_path, files)[entry]
    assert len(path.events[-1].guards) == 1


@pytest.mark.parametrize(
    ("before", "count"),
    [
        ("if (!req.user) return res.status(401).end(); next();", 1),
        ("if (!req.user) { res.status(401).end(); return; } return next();", 1),
        ("if (!req.user) { next(); return; } req.known = true; return next();", 0),
        ("if (!req.user) throw new Error('who'); return next();", 1),
    ],
)
def test_what_runs_before_may_end_the_request(tmp_path: Path, before: str, count: int) -> None:
    text = f"""
        const shelf = require('shelf');
        function check(req, res, next) {{ {before} }}
        shelf.on('x', check, async (req) => {{ await shelf.table('a').create(1); }});
        """
    (create,) = (
        one for one in paths_of(tmp_path, {"a.js": text})["x"].events if one.effect is not None
    )
    assert len(create.guards) == count
