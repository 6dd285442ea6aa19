"""What SQLAlchemy does on the wire, over psycopg."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from showing import LONG_BYTES, URL, digest, show
from sqlalchemy import ForeignKey, String, create_engine, func, insert, select, text
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, relationship

ENGINE = create_engine(URL.replace("postgresql://", "postgresql+psycopg://"), pool_size=3)


class Root(DeclarativeBase):
    pass


class Shelf(Root):
    __tablename__ = "shelves"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(40), unique=True)
    books: Mapped[list[Book]] = relationship(back_populates="shelf")


class Book(Root):
    __tablename__ = "books"
    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str]
    shelf_id: Mapped[int] = mapped_column(ForeignKey("shelves.id"))
    shelf: Mapped[Shelf] = relationship(back_populates="books")


def main() -> None:
    Root.metadata.create_all(ENGINE)
    with Session(ENGINE) as session:
        session.add_all(
            Shelf(name=f"shelf {n}", books=[Book(title=f"book {n}.{m}") for m in range(5)])
            for n in range(20)
        )
        session.commit()
        joined = select(Shelf.name, func.count(Book.id)).join(Book).group_by(Shelf.name)
        show("joined", sorted(map(list, session.execute(joined))))
        with session.begin_nested() as savepoint:
            session.execute(text("DELETE FROM books"))
            savepoint.rollback()
        locked = session.scalars(select(Shelf).where(Shelf.id == 3).with_for_update()).one()
        locked.name = "renamed"
        session.commit()
        show("lazy", [book.title for book in locked.books])
    try:
        with Session(ENGINE) as session:
            session.add(Shelf(name="renamed"))
            session.commit()
    except IntegrityError as error:
        show("integrity", error.orig.diag.constraint_name)
    with ENGINE.begin() as connection:
        rows = [{"name": f"more {n}"} for n in range(3000)]
        made = connection.execute(insert(Shelf).returning(Shelf.id), rows)
        show("inserted", len(made.all()))
        again = upsert(Shelf).values(name="renamed").on_conflict_do_nothing().returning(Shelf.id)
        show("upserted", connection.execute(again).all())
        streaming = connection.execution_options(yield_per=100)
        show("streamed", sum(row.id for row in streaming.execute(select(Shelf.id))))
        show("long", digest(connection.scalar(text("SELECT repeat('x', :n)"), {"n": LONG_BYTES})))
    try:
        with ENGINE.connect() as connection:
            connection.execute(text("SELECT 1/0"))
    except DBAPIError as error:
        show("error", error.orig.sqlstate)
    with ThreadPoolExecutor(5) as threads:
        show("pool", list(threads.map(counted, range(12))))
    ENGINE.dispose()


def counted(number: int) -> object:
    with Session(ENGINE) as session:
        return session.scalar(select(func.count(Shelf.id)).where(Shelf.id <= number * 5))


main()
