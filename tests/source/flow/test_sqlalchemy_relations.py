"""SQLAlchemy's relationships: rows that are appended, iterated, and given to new rows."""

from __future__ import annotations

from pathlib import Path

import pytest
from python_programs import followed, lines

HEAD = """
from fastapi import FastAPI
from sqlalchemy import ForeignKey, create_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship, sessionmaker

make = sessionmaker(create_engine("postgresql://x"))


class Base(DeclarativeBase):
    pass


class Barn(Base):
    __tablename__ = "barns"
    id: Mapped[int] = mapped_column(primary_key=True)
    stalls: Mapped[list["Stall"]] = relationship(back_populates="barn")


class Stall(Base):
    __tablename__ = "stalls"
    id: Mapped[int] = mapped_column(primary_key=True)
    barn_id: Mapped[int] = mapped_column(ForeignKey("barns.id"))
    spare_id: Mapped[int | None] = mapped_column(ForeignKey("hooks.id"))
    main_id: Mapped[int] = mapped_column(ForeignKey("hooks.id"))
    label: Mapped[str]
    barn: Mapped["Barn"] = relationship(back_populates="stalls")
    main: Mapped["Hook"] = relationship(foreign_keys=[main_id])


class Hook(Base):
    __tablename__ = "hooks"
    id: Mapped[int] = mapped_column(primary_key=True)


app = FastAPI()


@app.post("/go/{number}")
def go(number: int):
    with make() as session:
        barn = session.get(Barn, number)
"""
READ = "read barns where id in tx"
BODIES = {
    "append": (
        "barn.stalls.append(Stall(label='a'))\nsession.commit()",
        [READ, "insert stalls values label,barn_id in tx", "commit ? in tx"],
    ),
    "iterate": (
        "for stall in barn.stalls:\n    stall.label = 'b'\nsession.commit()",
        [READ, "read stalls where barn_id in tx", "save stalls values label in tx"],
    ),
    "parent": (
        "session.add(Stall(label='a', barn=barn))\nsession.commit()",
        [READ, "insert stalls values label,barn_id in tx"],
    ),
    "key-that-is-said": (
        "hook = session.get(Hook, 3)\nsession.add(Stall(main=hook))\nsession.commit()",
        [READ, "read hooks where id in tx", "insert stalls values main_id in tx"],
    ),
    "never-flushed-twice": (
        "barn.stalls.append(Stall(label='a'))\nsession.flush()\nsession.commit()",
        [READ, "insert stalls values label,barn_id in tx", "commit ? in tx"],
    ),
}


@pytest.mark.parametrize(("body", "expected"), BODIES.values(), ids=BODIES)
def test_what_a_relationship_does(tmp_path: Path, body: str, expected: list[str]) -> None:
    text = HEAD + "".join(f"        {line}\n" for line in body.split("\n"))
    told = lines(followed(tmp_path, {"barns.py": text})["POST /go/{number}"])
    assert [one.replace(" many", "") for one in told][: len(expected)] == expected
