"""SQLAlchemy: Core and ORM, synchronous on threads with a small pool, or asynchronous."""

from __future__ import annotations

import asyncio
import os
import sys
from concurrent.futures import ThreadPoolExecutor

import sqlalchemy
from sqlalchemy import create_engine, select, text, update
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column
from tags import tag

ROUNDS, DRIVER = int(sys.argv[1]), sys.argv[2]
URL = os.environ["DATABASE_URL"].replace("postgresql://", f"postgresql+{DRIVER}://")
POOL = {"pool_size": 2, "max_overflow": 0}


class Base(DeclarativeBase):
    pass


class Line(Base):
    __tablename__ = f"lines_sqlalchemy_{DRIVER}"
    id: Mapped[int] = mapped_column(primary_key=True)
    value: Mapped[str]


def in_a_thread(engine: sqlalchemy.Engine) -> None:
    with engine.begin() as connection:
        connection.execute(text("SELECT CAST(:v AS text)"), {"v": tag("core")})  # line: core
    with Session(engine) as session:
        line = Line(value=tag("flush"))
        session.add(line)
        session.flush()  # line: flush
        session.scalars(select(Line).where(Line.value == tag("scalars"))).all()  # line: scalars
        line.value = tag("commit")
        session.commit()  # line: commit
        session.execute(  # line: update
            update(Line).where(Line.id == 0).values(value=tag("update"))
        )


def synchronous() -> None:
    engine = create_engine(URL, **POOL)
    Base.metadata.create_all(engine)
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(in_a_thread, [engine] * (2 * ROUNDS)))
    engine.dispose()


def inside(session: Session) -> None:
    session.execute(select(Line).where(Line.value == tag("inside")))  # line: inside


async def in_a_task(engine: sqlalchemy.ext.asyncio.AsyncEngine) -> None:
    from sqlalchemy.ext.asyncio import AsyncSession

    async with engine.begin() as connection:
        await connection.execute(text("SELECT CAST(:v AS text)"), {"v": tag("core")})  # line: core
    async with AsyncSession(engine) as session:
        session.add(Line(value=tag("flush")))
        await session.flush()  # line: flush
        await session.scalars(select(Line).where(Line.value == tag("scalars")))  # line: scalars
        await session.run_sync(inside)
        session.add(Line(value=tag("commit")))
        await session.commit()  # line: commit
        statement = update(Line).where(Line.id == 0).values(value=tag("update"))
        await asyncio.gather(session.execute(statement))  # line: update


async def asynchronous() -> None:
    from sqlalchemy.ext.asyncio import create_async_engine

    engine = create_async_engine(URL, **POOL)
    async with engine.begin() as connection:
        await connection.run_sync(Base.metadata.create_all)
    await asyncio.gather(*[in_a_task(engine) for _ in range(2 * ROUNDS)])
    await engine.dispose()


if sys.argv[3] == "async":
    asyncio.run(asynchronous())
else:
    synchronous()
print(sqlalchemy.__version__)
