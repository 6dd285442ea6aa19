"""SQLAlchemy 1.4 and 2, Flask-SQLAlchemy: what calls of sessions and statements mean."""

from __future__ import annotations

from pathlib import Path

import pytest
from python_programs import followed, lines

HEAD = """
from fastapi import Depends, FastAPI
from sqlalchemy import Column, Integer, String, Table, MetaData, and_, delete, func, insert, or_
from sqlalchemy import create_engine, select, text, update
from sqlalchemy.dialects.postgresql import insert as pg_insert
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, declarative_base, mapped_column
from sqlalchemy.orm import sessionmaker

engine = create_engine("postgresql://x")
Factory = sessionmaker(bind=engine)
metadata = MetaData()
logs = Table("logs", metadata, Column("id", Integer), Column("line", String))


class Base(DeclarativeBase):
    pass


class Kiln(Base):
    __tablename__ = "kilns"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    heat = Column(Integer)


def session():
    db = Factory()
    try:
        yield db
    finally:
        db.close()


app = FastAPI()


@app.post("/go/{number}")
def go(number: int, db: Session = Depends(session)):
"""


def program(body: str, head: str = HEAD) -> dict[str, str]:
    return {"kilns.py": head + "".join(f"    {line}\n" for line in body.split("\n"))}


READ = ["read kilns where id in tx"]
CALLS = {
    "query-get": ("db.query(Kiln).get(number)", READ),
    "get": ("db.get(Kiln, number)", READ),
    "query-filter": ("db.query(Kiln).filter(Kiln.id == number).first()", READ),
    "query-filter-by": ("db.query(Kiln).filter_by(id=number).one_or_none()", READ),
    "select-scalar": (
        "db.execute(select(Kiln).where(Kiln.id == number)).scalar_one_or_none()",
        READ,
    ),
    "select-scalars": ("db.scalars(select(Kiln).where(Kiln.id == number)).first()", READ),
    "scalar": ("db.scalar(select(Kiln.heat).where(Kiln.id == number))", READ),
    "kept-statement": (
        "wanted = select(Kiln)\nwanted = wanted.where(Kiln.id == number)\ndb.execute(wanted)",
        READ,
    ),
    "and": (
        "db.query(Kiln).filter(and_(Kiln.id == number, Kiln.heat > 3)).all()",
        ["read kilns where id ranges heat in tx"],
    ),
    "or": (
        "db.query(Kiln).filter(or_(Kiln.id == number, Kiln.heat > 3)).all()",
        ["read kilns where ? in tx"],
    ),
    "in-none": (
        "db.query(Kiln).filter(Kiln.id.in_([1]), Kiln.name.is_(None)).all()",
        ["read kilns where id,name in tx"],
    ),
    "lower": (
        "db.query(Kiln).filter(func.lower(Kiln.name) == 'a').first()",
        ["read kilns where name in tx"],
    ),
    "for-update": (
        "db.execute(select(Kiln).where(Kiln.id == number).with_for_update()).scalar_one()",
        ["read kilns where id lock update in tx"],
    ),
    "query-for-update": (
        "db.query(Kiln).filter(Kiln.id == number).with_for_update().one()",
        ["read kilns where id lock update in tx"],
    ),
    "get-for-update": (
        "db.get(Kiln, number, with_for_update=True)",
        ["read kilns where id lock update in tx"],
    ),
    "count": ("db.query(func.count(Kiln.id)).scalar()", ["read kilns count in tx"]),
    "query-count": (
        "db.query(Kiln).filter_by(name='a').count()",
        ["read kilns where name count in tx"],
    ),
    "iterate": (
        "for one in db.query(Kiln).filter_by(name='a'):\n    pass",
        ["read kilns where name in tx"],
    ),
    "add": (
        "db.add(Kiln(name='a', heat=number))\ndb.commit()",
        ["insert kilns values name,heat in tx", "commit ? in tx"],
    ),
    "add-flush": (
        "one = Kiln(name='a')\ndb.add(one)\ndb.flush()\none.id",
        ["insert kilns values name in tx"],
    ),
    "change": (
        "one = db.get(Kiln, number)\none.heat = one.heat + 1\ndb.commit()",
        ["read kilns where id in tx", "save kilns values heat in tx", "commit ? in tx"],
    ),
    "change-in-sql": (
        "one = db.get(Kiln, number)\none.heat = Kiln.heat + 1\ndb.commit()",
        ["read kilns where id in tx", "save kilns values heat:=heat + 1 in tx", "commit ? in tx"],
    ),
    "update": (
        "db.execute(update(Kiln).where(Kiln.id == number).values(heat=Kiln.heat + 1))",
        ["update kilns where id values heat:=heat + 1 in tx"],
    ),
    "query-update": (
        "db.query(Kiln).filter(Kiln.id == number).update({Kiln.heat: Kiln.heat + 1})",
        ["update kilns where id values heat:=heat + 1 in tx"],
    ),
    "query-update-names": (
        "db.query(Kiln).filter(Kiln.id == number).update({'heat': Kiln.heat + 1})",
        ["update kilns where id values heat:=heat + 1 in tx"],
    ),
    "delete": (
        "db.execute(delete(Kiln).where(Kiln.id == number))",
        ["delete kilns where id in tx"],
    ),
    "delete-one": (
        "one = db.get(Kiln, number)\ndb.delete(one)\ndb.commit()",
        ["read kilns where id in tx", "delete kilns in tx", "commit ? in tx"],
    ),
    "insert": ("db.execute(insert(Kiln).values(name='a'))", ["insert kilns values name in tx"]),
    "insert-rows": (
        "db.execute(insert(Kiln), [{'name': 'a'}])",
        ["insert kilns values name in tx"],
    ),
    "nothing": (
        "db.execute(pg_insert(Kiln).values(name='a').on_conflict_do_nothing())",
        ["upsert kilns values name conflict ignore in tx"],
    ),
    "upsert": (
        "new = pg_insert(Kiln).values(name='a')\n"
        "db.execute(new.on_conflict_do_update(index_elements=[Kiln.name], set_={'heat': 1}))",
        ["upsert kilns values name conflict update in tx"],
    ),
    "core-table": (
        "db.execute(select(logs.c.line).where(logs.c.id == number))",
        ["read logs where id in tx"],
    ),
    "core-insert": (
        "db.execute(logs.insert().values(line='x'))",
        ["insert logs values line in tx"],
    ),
    "text": (
        "db.execute(text('UPDATE kilns SET heat = heat - 1 WHERE id = :id'), {'id': number})",
        ["update kilns where id values heat:=heat - 1 in tx"],
    ),
    "merge": (
        "db.merge(Kiln(id=number, name='a'))",
        ["find-or-create kilns where id values id,name in tx"],
    ),
    "begin": (
        "with Factory() as other, other.begin():\n    other.add(Kiln(name='a'))",
        ["begin ?", "insert kilns values name in tx"],
    ),
    "factory-begin": (
        "with Factory.begin() as other:\n    one = other.get(Kiln, 1)\n    one.heat = 3",
        ["begin ?", "read kilns where id in tx", "save kilns values heat in tx"],
    ),
    "engine-begin": (
        "with engine.begin() as connection:\n    connection.execute(insert(Kiln).values(name='a'))",
        ["begin ?", "insert kilns values name in tx"],
    ),
    "connect": (
        "with engine.connect() as connection:\n"
        "    connection.execute(insert(Kiln).values(name='a'))\n    connection.commit()",
        ["insert kilns values name in tx", "commit ? in tx"],
    ),
    "isolation": (
        "with engine.connect().execution_options(isolation_level='SERIALIZABLE') as connection:\n"
        "    with connection.begin():\n        connection.execute(select(Kiln))",
        ["begin ? serializable", "read kilns in tx"],
    ),
    "lazy": ("db.query(Kiln).filter(Kiln.id == number)", []),
}


@pytest.mark.parametrize("name", CALLS)
def test_calls(tmp_path: Path, name: str) -> None:
    body, expected = CALLS[name]
    paths = followed(tmp_path, program(body))
    found = [path for entry, path in paths.items() if entry == "POST /go/{number}"]
    assert [lines(one) for one in found] == [expected]


SPELLINGS = {
    "declarative_base()": HEAD.replace(
        "class Base(DeclarativeBase):\n    pass\n", "Base = declarative_base()\n"
    ),
    "Annotated": HEAD.replace(
        "def go(number: int, db: Session = Depends(session)):",
        "def go(number: int, db: Annotated[Session, Depends(session)]):",
    ).replace("from fastapi", "from typing import Annotated\nfrom fastapi", 1),
    "only a type": HEAD.replace("db: Session = Depends(session)", "db: Session"),
    "local session": HEAD.replace(", db: Session = Depends(session)", "") + "    db = Factory()\n",
}


@pytest.mark.parametrize("name", SPELLINGS)
def test_spellings(tmp_path: Path, name: str) -> None:
    body = "one = db.query(Kiln).filter(Kiln.id == number).first()\nif one:\n    one.heat -= 1\n"
    paths = followed(tmp_path, program(body + "db.commit()", SPELLINGS[name]))
    assert lines(paths["POST /go/{number}"]) == [
        "read kilns where id in tx",
        "save kilns values heat in tx",
        "commit ? in tx",
    ]


def test_an_insert_is_refused_where_it_is_flushed(tmp_path: Path) -> None:
    body = (
        "db.add(Kiln(name='a'))\n"
        "try:\n    db.commit()\n"
        "except IntegrityError:\n    db.rollback()\n    return None"
    )
    path = followed(tmp_path, program(body))["POST /go/{number}"]
    insert = next(one for one in path.events if one.effect and one.effect.kind == "insert")
    assert [(one.types, one.outcome) for one in insert.catchers] == [
        (("IntegrityError",), "returns")
    ]
    assert insert.location.line == HEAD.count("\n")


ASYNC = """
from fastapi import Depends, FastAPI
from sqlalchemy import select, String
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

engine = create_async_engine("postgresql+asyncpg://x")
Factory = async_sessionmaker(engine, expire_on_commit=False)


class Base(DeclarativeBase):
    pass


class Kiln(Base):
    __tablename__ = "kilns"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String)


async def session():
    async with Factory() as db:
        yield db


app = FastAPI()


@app.post("/go/{name}")
async def go(name: str, db: AsyncSession = Depends(session)):
    found = (await db.execute(select(Kiln).where(Kiln.name == name))).scalars().first()
    if found is None:
        found = Kiln(name=name)
        db.add(found)
        await db.commit()
    async with Factory() as other, other.begin():
        other.add(Kiln(name="b"))
    db.commit()
"""


def test_asynchronous_sessions(tmp_path: Path) -> None:
    path = followed(tmp_path, {"kilns.py": ASYNC})["POST /go/{name}"]
    assert lines(path) == [
        "read kilns where name in tx",
        "insert kilns values name in tx",
        "commit ? in tx",
        "begin ?",
        "insert kilns values name in tx",
        "commit ?",
    ]
    assert [one.awaited for one in path.events if one.effect is not None] == [True] * 5 + [False]
    assert path.events[1].guards[0].holds


FLASK = """
from flask import Flask, request
from flask_sqlalchemy import SQLAlchemy

app = Flask(__name__)
db = SQLAlchemy(app)


class Kiln(db.Model):
    __tablename__ = "kilns"
    id = db.Column(db.Integer, primary_key=True)
    name = db.Column(db.String)


@app.route("/kilns", methods=["POST"])
def add():
    name = request.json["name"]
    if Kiln.query.filter_by(name=name).first():
        return "", 409
    db.session.add(Kiln(name=name))
    db.session.commit()
    return "", 201
"""


def test_flask_sqlalchemy(tmp_path: Path) -> None:
    path = followed(tmp_path, {"kilns.py": FLASK})["POST /kilns"]
    assert lines(path) == [
        "read kilns where name in tx",
        "insert kilns values name in tx",
        "commit ? in tx",
    ]


@pytest.mark.parametrize(
    "body",
    [
        "class Box:\n    def query(self, x): return self\nBox().query(1)",
        "rows = []\nrows.append(Kiln(name='a'))",
        "found = {'commit': 1}\nfound.get('commit')",
    ],
)
def test_what_only_looks_like_it_means_nothing(tmp_path: Path, body: str) -> None:
    paths = followed(tmp_path, program(body))
    assert [lines(one) for name, one in paths.items() if name == "POST /go/{number}"] in ([], [[]])
