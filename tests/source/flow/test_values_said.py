"""What annotations, generic bases, dicts and spreads say of values."""

from __future__ import annotations

from pathlib import Path

import pytest
from python_programs import followed, lines

HEAD = """
from typing import Annotated, Generic, TypeVar

from arq.connections import ArqRedis
from fastapi import Depends, FastAPI, Request
from sqlalchemy import create_engine, select
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, sessionmaker

make = sessionmaker(create_engine("postgresql://x"))
T = TypeVar("T")


class Base(DeclarativeBase):
    pass


class Kiln(Base):
    __tablename__ = "kilns"
    id: Mapped[int] = mapped_column(primary_key=True)
    heat: Mapped[int]


class Store(Generic[T]):
    def __init__(self, session: Session) -> None:
        self.session = session

    def add(self, row: T) -> None:
        self.session.add(row)

    def known(self, *keys):
        rows = self.session.scalars(select(Kiln).where(Kiln.id.in_(keys)))
        return {row.id: row for row in rows}


class Kilns(Store[Kiln]):
    pass


def queue(request: Request) -> ArqRedis:
    return request.app.state.queue


app = FastAPI()


@app.post("/go/{number}")
def go(number: int, jobs: Annotated[ArqRedis, Depends(queue)], request: Request):
    with make() as session:
        kilns = Kilns(session)
"""


def told(tmp_path: Path, body: str) -> list[str]:
    text = HEAD + "".join(f"        {line}\n" for line in body.split("\n"))
    return lines(followed(tmp_path, {"kilns.py": text})["POST /go/{number}"])


def test_a_generic_base_is_a_base(tmp_path: Path) -> None:
    found = told(tmp_path, "kilns.add(Kiln(heat=3))\nsession.commit()")
    assert found == ["insert kilns values heat in tx", "commit ? in tx"]


def test_what_waits_for_a_flush_keeps_its_condition(tmp_path: Path) -> None:
    body = "if number > 3:\n    kilns.add(Kiln(heat=3))\nsession.commit()"
    text = HEAD + "".join(f"        {line}\n" for line in body.split("\n"))
    path = followed(tmp_path, {"kilns.py": text})["POST /go/{number}"]
    guards = {one.effect.kind: len(one.guards) for one in path.events if one.effect is not None}
    assert guards == {"insert": 1, "commit": 0}


def test_an_element_of_a_dict_that_was_built(tmp_path: Path) -> None:
    found = told(tmp_path, "one = kilns.known(number, 3)[number]\none.heat -= 1\nsession.commit()")
    assert found[1] == "save kilns values heat in tx"


@pytest.mark.parametrize(
    "body",
    [
        "jobs.enqueue_job('fire', number)",
        "other: ArqRedis = request.app.state.queue\nother.enqueue_job('fire', number)",
    ],
    ids=["returned", "assigned"],
)
def test_an_annotation_says_what_is_carried(tmp_path: Path, body: str) -> None:
    assert any(one.startswith("enqueue arq fire") for one in told(tmp_path, body))


def test_the_pool_of_arq_is_a_client(tmp_path: Path) -> None:
    assert told(tmp_path, "jobs.set('kilns:hot', number, ex=5)")[0].startswith("set kilns:hot")


def test_what_startup_puts_into_the_context(tmp_path: Path) -> None:
    worker = """
        import httpx
        from redis.asyncio import Redis

        async def startup(ctx):
            ctx["http"] = httpx.AsyncClient()

        async def fire(ctx, number):
            await ctx["http"].post("https://kiln.example/fire")
            await ctx["redis"].enqueue_job("cool", number)

        class WorkerSettings:
            functions = [fire]
            on_startup = startup
    """
    found = lines(followed(tmp_path, {"worker.py": worker})["arq:fire"])
    assert [one.split()[0] for one in found] == ["send", "enqueue"]


@pytest.mark.parametrize(
    "starting",
    [
        "    app.state.pool = await asyncpg.create_pool(URL)\n    yield\n",
        "    async with asyncpg.create_pool(URL) as pool:\n"
        "        app.state.pool = pool\n        yield\n",
        "    pool = await asyncpg.create_pool(URL)\n    app.state.pool = pool\n    yield\n",
    ],
    ids=["awaited", "with", "named"],
)
@pytest.mark.parametrize(
    "carrier", ["app.state", "request.app.state"], ids=["application", "request"]
)
def test_what_a_lifespan_puts_on_the_application(
    tmp_path: Path, starting: str, carrier: str
) -> None:
    lifespan = (
        "from contextlib import asynccontextmanager\n"
        "import asyncpg\n\n\n"
        f"@asynccontextmanager\nasync def lifespan(app):\n{starting}"
    )
    routes = f"""
        from fastapi import FastAPI, Request
        from .starting import lifespan
        from . import kilns

        app = FastAPI(lifespan=lifespan)

        @app.post("/heat")
        async def heat(request: Request):
            async with {carrier}.pool.acquire() as connection:
                await kilns.heat(connection, 3)
    """
    kilns = """
        async def heat(connection, number):
            await connection.execute("UPDATE kilns SET heat = 1 WHERE id = $1", number)
    """
    files = {
        "yard/__init__.py": "",
        "yard/starting.py": lifespan,
        "yard/main.py": routes,
        "yard/kilns.py": kilns,
    }
    found = lines(followed(tmp_path, files)["POST /heat"])
    assert [one.split()[:2] for one in found] == [["update", "kilns"]]
