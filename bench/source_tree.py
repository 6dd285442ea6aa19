"""Trees of services to measure how fast source is read: written by a seed, many files, real shapes.

Each service is a copy of one of the safe services of ``faults/`` under other names, with the files
that a service of that kind has beside it: one resource after another (routes, a service, a store),
and modules that only compute. Nothing in it is told to the scanner.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from redhanded.lab.choices import Choices

FAULTS = Path(__file__).with_name("faults")
BASES = ("gym", "depot", "hostel", "fleet", "clinic", "theatre", "parking")
RESOURCES = 12
"""Of each service, beside those of its base."""
FIRST = "amber brisk civic delta ember fjord grand harbor inner jolly kilo lunar metro north"
SECOND = (
    "account badge claim device event filing grant hazard intake journey kit ledger meeting notice "
    "offer permit quote report sample ticket unit voucher waiver yard zone"
)


def write(folder: Path, files: int, seed: int) -> int:
    """Writes a tree of about ``files`` source files; gives how many there are."""
    draw = Choices(seed)
    written = number = 0
    while written < files:
        base = BASES[number % len(BASES)]
        service = folder / "services" / f"{_one(draw, FIRST.split())}-{base}-{number}"
        for path, text in _service(base, number, draw):
            target = service / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text, encoding="utf-8")
            written += path.endswith((".js", ".ts", ".tsx", ".py"))
            if written >= files:
                break
        number += 1
    return written


def edited(folder: Path) -> Path:
    """Edits the body of one function of one file, as a person would; gives the file."""
    path = sorted(folder.glob("services/*-gym-*/src/routes/bookings.js"))[0]
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("error: 'full'", "error: 'no place'\n", 1), encoding="utf-8")
    return path


def _service(base: str, number: int, draw: Choices) -> Iterator[tuple[str, str]]:
    for path in sorted((FAULTS / base).rglob("*")):
        if path.is_file() and path.name != "mutants.toml":
            yield str(path.relative_to(FAULTS / base)), path.read_text(encoding="utf-8")
    kinds = {"gym": _express, "hostel": _express, "depot": _typescript, "fleet": _typescript}
    kind: Callable[[str, Choices], list[tuple[str, str]]] = kinds.get(base, _python)
    names = _some(draw, SECOND.split(), RESOURCES)
    for name in names:
        yield from kind(name, draw)
    if kind is _express:
        lines = [f"app.use('/{one}s', require('./{one}s/routes'));" for one in names]
        head = "const express = require('express');\nconst app = express();\n"
        yield "src/resources.js", head + "\n".join(lines) + f"\napp.listen({8000 + number});\n"
    elif kind is _typescript:
        lines = [f"import {{ {one}Routes }} from './{one}s/routes';" for one in names]
        uses = [f"app.use('/{one}s', {one}Routes);" for one in names]
        head = ["import express from 'express';", *lines, "const app = express();", *uses]
        yield "src/resources.ts", "\n".join(head) + f"\napp.listen({8000 + number});\n"
    else:
        lines = [f"from resources.{one}s.routes import router as {one}s" for one in names]
        uses = [f"app.include_router({one}s, prefix='/{one}s')" for one in names]
        head = ["from fastapi import FastAPI", *lines, "", "app = FastAPI()", *uses]
        yield "resources/app.py", "\n".join(head) + "\n"
        yield "resources/__init__.py", ""
        for one in names:
            yield f"resources/{one}s/__init__.py", ""


def _one(draw: Choices, names: Sequence[str]) -> str:
    return names[draw.index(len(names))]


def _some(draw: Choices, names: Sequence[str], count: int) -> list[str]:
    left = list(names)
    return [left.pop(draw.index(len(left))) for _ in range(count)]


def _named(text: str, name: str, draw: Choices) -> str:
    other = _one(draw, ("status", "city", "owner", "color", "grade"))
    return (
        text.replace("Thing", name.capitalize())
        .replace("thing", name)
        .replace("FIELD", other)
        .replace("NUMBER", str(5 + draw.index(496)))
    )


def _rules(pattern: str, draw: Choices) -> str:
    """Functions that only compute, as most of a program's do."""
    return "\n".join(
        re.sub(r"\$", str(place), pattern).replace("NUMBER", str(2 + draw.index(98)))
        for place in range(3 + draw.index(7))
    )


def _express(name: str, draw: Choices) -> list[tuple[str, str]]:
    parts = {
        "routes.js": JS_ROUTES,
        "service.js": JS_SERVICE,
        "store.js": JS_STORE,
        "rules.js": JS_RULES + _rules(JS_RULE, draw),
        "view.js": JS_VIEW + _rules(JS_RULE, draw),
    }
    return [(f"src/{name}s/{one}", _named(text, name, draw)) for one, text in parts.items()]


def _typescript(name: str, draw: Choices) -> list[tuple[str, str]]:
    rule = JS_RULE.replace("(value, limit)", "(value: number, limit: number): string | null")
    parts = {
        "routes.ts": TS_ROUTES,
        "service.ts": TS_SERVICE,
        "store.ts": TS_STORE,
        "types.ts": TS_TYPES,
        "rules.ts": TS_RULES + _rules(rule.replace("exports.", "export const "), draw),
        "Panel.tsx": TSX_PANEL,
    }
    return [(f"src/{name}s/{one}", _named(text, name, draw)) for one, text in parts.items()]


def _python(name: str, draw: Choices) -> list[tuple[str, str]]:
    parts = {
        "routes.py": PY_ROUTES,
        "service.py": PY_SERVICE,
        "models.py": PY_MODELS,
        "rules.py": PY_RULES + _rules(PY_RULE, draw),
        "errors.py": "class ThingError(Exception):\n    code = NUMBER\n",
    }
    return [(f"resources/{name}s/{one}", _named(text, name, draw)) for one, text in parts.items()]


JS_ROUTES = """'use strict';
const express = require('express');
const service = require('./service');
const { check0, check1 } = require('./rules');
const { shown } = require('./view');
const router = express.Router();

router.get('/', async (req, res, next) => {
  try {
    const rows = await service.list(req.query.FIELD, Number(req.query.page || 0));
    res.json(rows.map(shown));
  } catch (error) { next(error); }
});

router.get('/:id', async (req, res, next) => {
  try {
    const thing = await service.find(req.params.id);
    if (!thing) return res.status(404).end();
    return res.json(shown(thing));
  } catch (error) { return next(error); }
});

router.post('/', async (req, res, next) => {
  const problem = check0(req.body.amount, NUMBER) || check1(req.body.amount, 3);
  if (problem) return res.status(422).json({ error: problem });
  try {
    return res.status(201).json(shown(await service.add(req.body)));
  } catch (error) {
    if (error.code === '23505') return res.status(409).json({ error: 'there already' });
    return next(error);
  }
});

router.patch('/:id', async (req, res, next) => {
  try {
    const changed = await service.change(req.params.id, req.body);
    return changed ? res.status(204).end() : res.status(404).end();
  } catch (error) { return next(error); }
});

module.exports = router;
"""
JS_SERVICE = """'use strict';
const store = require('./store');
const rules = require('./rules');

async function list(FIELD, page) {
  return store.list(FIELD, 50, page * 50);
}

async function find(id) {
  return store.byId(id);
}

async function add(given) {
  const amount = rules.normal(given.amount);
  return store.insert({ name: given.name, FIELD: given.FIELD, amount });
}

async function change(id, given) {
  const count = await store.update(id, given.FIELD);
  return count === 1;
}

module.exports = { list, find, add, change };
"""
JS_STORE = """'use strict';
const { Pool } = require('pg');
const pool = new Pool({ connectionString: process.env.DATABASE_URL });

exports.list = async (FIELD, limit, offset) => {
  const found = await pool.query(
    'SELECT id, name, FIELD, amount FROM things WHERE FIELD = $1 ORDER BY id LIMIT $2 OFFSET $3',
    [FIELD, limit, offset],
  );
  return found.rows;
};

exports.byId = async (id) => {
  const found = await pool.query('SELECT id, name, FIELD, amount FROM things WHERE id = $1', [id]);
  return found.rows[0];
};

exports.insert = async ({ name, FIELD, amount }) => {
  const made = await pool.query(
    'INSERT INTO things (name, FIELD, amount) VALUES ($1, $2, $3) RETURNING *',
    [name, FIELD, amount],
  );
  return made.rows[0];
};

exports.update = async (id, FIELD) => {
  const done = await pool.query('UPDATE things SET FIELD = $2 WHERE id = $1', [id, FIELD]);
  return done.rowCount;
};
"""
JS_RULES = """'use strict';
exports.normal = (amount) => Math.round(Number(amount) * 100) / 100;
"""
JS_RULE = """exports.check$ = (value, limit) => {
  if (value === undefined || value === null) return 'missing';
  let sum = 0;
  for (const digit of String(value)) {
    if (digit >= '0' && digit <= '9') sum += Number(digit) * NUMBER;
    else if (digit !== '.') return 'no number';
  }
  return sum > limit * NUMBER ? 'too much' : null;
};
"""
JS_VIEW = """'use strict';
exports.shown = (thing) => ({
  id: thing.id,
  title: `${thing.name} (${thing.FIELD})`,
  amount: { value: thing.amount, currency: 'EUR' },
  links: { self: `/things/${thing.id}` },
});
"""
TS_ROUTES = """import { Router, Request, Response, NextFunction } from 'express';
import { ThingService } from './service';
import { check0, check1 } from './rules';
import type { Thing } from './types';

export const thingRoutes = Router();
const service = new ThingService();

thingRoutes.get('/', async (req: Request, res: Response, next: NextFunction) => {
  try {
    const rows: Thing[] = await service.list(String(req.query.FIELD));
    res.json({ rows, count: rows.length });
  } catch (error) { next(error); }
});

thingRoutes.get('/:id', async (req: Request, res: Response, next: NextFunction) => {
  try {
    const found = await service.find(Number(req.params.id));
    res.status(found ? 200 : 404).json(found);
  } catch (error) { next(error); }
});

thingRoutes.post('/', async (req: Request, res: Response, next: NextFunction) => {
  const problem = check0(req.body.amount, NUMBER) ?? check1(req.body.amount, 4);
  if (problem) { res.status(422).json({ error: problem }); return; }
  try {
    res.status(201).json(await service.add(req.body));
  } catch (error) { next(error); }
});
"""
TS_SERVICE = """import { ThingStore } from './store';
import type { NewThing, Thing } from './types';

export class ThingService {
  constructor(private readonly store: ThingStore = new ThingStore()) {}

  async list(FIELD: string): Promise<Thing[]> {
    return this.store.where(FIELD);
  }

  async find(id: number): Promise<Thing | null> {
    return this.store.byId(id);
  }

  async add(given: NewThing): Promise<Thing> {
    return this.store.insert({ ...given, amount: this.rounded(given.amount) });
  }

  private rounded(amount: number): number {
    return Math.round(amount * 100) / 100;
  }
}
"""
TS_STORE = """import knex, { Knex } from 'knex';
import type { NewThing, Thing } from './types';

const database: Knex = knex({ client: 'pg', connection: process.env.DATABASE_URL });

export class ThingStore {
  async where(FIELD: string): Promise<Thing[]> {
    return database<Thing>('things').where({ FIELD }).orderBy('id').limit(NUMBER);
  }

  async byId(id: number): Promise<Thing | null> {
    return (await database<Thing>('things').where({ id }).first()) ?? null;
  }

  async insert(one: NewThing): Promise<Thing> {
    const [made] = await database<Thing>('things').insert(one).returning('*');
    return made;
  }
}
"""
TS_TYPES = """export interface Thing {
  id: number;
  name: string;
  FIELD: string;
  amount: number;
}
export type NewThing = Omit<Thing, 'id'>;
"""
TS_RULES = """export const normal = (amount: number): number => Math.round(amount * 100) / 100;
"""
TSX_PANEL = """import React, { useEffect, useState } from 'react';

export function ThingPanel({ id }: { id: number }) {
  const [thing, setThing] = useState<{ name: string } | null>(null);
  useEffect(() => {
    fetch(`/things/${id}`).then((answer) => answer.json()).then(setThing);
  }, [id]);
  return thing ? <section className="panel"><h2>{thing.name}</h2></section> : <p>…</p>;
}
"""
PY_ROUTES = """from fastapi import APIRouter, Depends, HTTPException
from sqlalchemy.orm import Session

from resources.things import rules, service
from resources.things.errors import ThingError
from resources.things.models import session_of

router = APIRouter()


@router.get("/")
def index(FIELD: str, page: int = 0, session: Session = Depends(session_of)) -> list[dict]:
    return [rules.shown(one) for one in service.find(session, FIELD, page)]


@router.get("/{thing_id}")
def show(thing_id: int, session: Session = Depends(session_of)) -> dict:
    found = service.one(session, thing_id)
    if found is None:
        raise HTTPException(404)
    return rules.shown(found)


@router.post("/", status_code=201)
def create(name: str, amount: int, FIELD: str, session: Session = Depends(session_of)) -> dict:
    problem = rules.check0(amount, NUMBER) or rules.check1(amount, 3)
    if problem:
        raise HTTPException(422, problem)
    try:
        return rules.shown(service.add(session, name, amount, FIELD))
    except ThingError as error:
        raise HTTPException(409, str(error)) from error
"""
PY_SERVICE = """from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from resources.things.errors import ThingError
from resources.things.models import Thing


def find(session: Session, FIELD: str, page: int) -> list[Thing]:
    wanted = select(Thing).where(Thing.FIELD == FIELD).limit(50).offset(page * 50)
    return list(session.scalars(wanted))


def one(session: Session, thing_id: int) -> Thing | None:
    return session.get(Thing, thing_id)


def add(session: Session, name: str, amount: int, FIELD: str) -> Thing:
    made = Thing(name=name, amount=amount, FIELD=FIELD)
    session.add(made)
    try:
        session.commit()
    except IntegrityError as error:
        session.rollback()
        raise ThingError(name) from error
    return made
"""
PY_MODELS = """from collections.abc import Iterator

from sqlalchemy import create_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, sessionmaker

engine = create_engine("postgresql://localhost/things")
Sessions = sessionmaker(engine)


class Base(DeclarativeBase):
    pass


class Thing(Base):
    __tablename__ = "things"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)
    FIELD: Mapped[str]
    amount: Mapped[int]


def session_of() -> Iterator[Session]:
    with Sessions() as session:
        yield session
"""
PY_RULES = """def shown(thing: object) -> dict:
    return {"id": thing.id, "title": f"{thing.name} ({thing.FIELD})", "amount": thing.amount}


"""
PY_RULE = """def check$(value: int, limit: int) -> str | None:
    if value is None:
        return "missing"
    total = 0
    for digit in str(value):
        if not digit.isdigit():
            return "no number"
        total += int(digit) * NUMBER
    return "too much" if total > limit * NUMBER else None


"""
