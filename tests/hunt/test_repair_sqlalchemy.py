"""What is drafted for a service that adds its rows to a session of SQLAlchemy."""

from __future__ import annotations

import ast
from dataclasses import replace
from pathlib import Path

import parcels
import pytest

from redhanded.case.codemap import DataAccess, UniqueConstraint
from redhanded.case.evidence import Location
from redhanded.case.fix import FixPart
from redhanded.case.hypothesis import RootLocation
from redhanded.case.reproduction import RootCause
from redhanded.hunt import repair

MODELS = """\
class Parcel(Base):
    __tablename__ = "parcels"

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column("bar_code_v2", String(40), unique=True)
    depot = Column(Integer)
"""
STORE = '''\
"""Keeps parcels."""
import logging

from .models import Parcel, Scan


def store_parcel(session, notice):
    parcel = Parcel(code=notice["tracking"], depot=notice["depot"])
    session.add(parcel)
    session.flush()
    session.add(Scan(parcel_id=parcel.id))
    session.commit()
    return parcel
'''


def part_of(
    root: Path, body: str, wanted: str = "flush", columns: tuple[str, ...] = ("bar_code_v2",)
) -> FixPart | None:
    """The part that finds or creates the row, where the lab saw it refused at the first line with
    ``wanted``."""
    for path, text in {"depot/models.py": MODELS, "depot/store.py": body}.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text)
    line = next(n for n, text in enumerate(body.splitlines(), 1) if wanted in text)
    create = Location(path="depot/store.py", line=line, function="store_parcel")
    access = DataAccess(
        model="depot.models.Parcel",
        table="parcels",
        method="flush",
        access="write",
        library="sqlalchemy",
        location=create,
        does="insert",
    )
    unique = UniqueConstraint(table="parcels", columns=columns, name="one_parcel", location=None)
    place = RootLocation(path=create.path, line=line, role="create", text="")
    ground = repair.Ground(
        root=root,
        system=replace(parcels.system(root), source=("depot",)),
        code=replace(parcels.code_map(root), accesses=(access,), constraints=(unique,)),
        cause=RootCause(mechanism="check-then-create", title="", sentence="", locations=(place,)),
        reproduction=parcels.reproduction(),
        symptom=parcels.symptom(),
    )
    return next((each for each in repair.draft(ground) if each.key == "b"), None)


def text_of(found: FixPart | None) -> str:
    assert found is not None
    text = found.files["depot/store.py"]
    ast.parse(text)
    return text


def test_the_row_is_added_in_a_savepoint_and_found_where_it_is_refused(tmp_path: Path) -> None:
    text = text_of(part_of(tmp_path, STORE))
    assert (
        "    try:\n"
        "        with session.begin_nested():\n"
        "            session.add(parcel)\n"
        "    except IntegrityError:\n"
        "        existing = session.scalars("
        'select(Parcel).filter_by(code=notice["tracking"])).one()\n'
        "        session.commit()\n"
        "        return existing\n"
        "    session.flush()\n"
    ) in text
    assert (
        "from .models import Parcel, Scan\n"
        "from sqlalchemy import select\n"
        "from sqlalchemy.exc import IntegrityError\n"
    ) in text


def test_a_session_that_is_awaited(tmp_path: Path) -> None:
    body = STORE.replace("def store", "async def store").replace(
        "    session.f", "    await session.f"
    )
    body = body.replace("    session.commit", "    await session.commit")
    text = text_of(part_of(tmp_path, body))
    assert "        async with session.begin_nested():\n            session.add(parcel)\n" in text
    assert "existing = (await session.scalars(select(Parcel)" in text
    assert "        await session.commit()\n        return existing\n" in text


def test_queries_as_the_file_has_them(tmp_path: Path) -> None:
    look = '    known = session.query(Parcel).filter_by(code=notice["tracking"]).first()\n'
    body = STORE.replace("notice):\n", f"notice):\n{look}    if known:\n        return known\n")
    text = text_of(part_of(tmp_path, body))
    assert 'existing = session.query(Parcel).filter_by(code=notice["tracking"]).one()' in text
    assert "import select" not in text


def test_what_follows_goes_on_with_the_row_where_nothing_else_is_known(tmp_path: Path) -> None:
    body = STORE.replace("    return parcel", "    made = describe(parcel)\n    return made")
    found = part_of(tmp_path, body)
    assert "        parcel = session.scalars(select(Parcel)" in text_of(found)
    assert found is not None and "still runs" in found.why


def test_nothing_is_looked_for_where_nothing_is_given(tmp_path: Path) -> None:
    body = STORE.replace("    return parcel\n", "")
    text = text_of(part_of(tmp_path, body))
    assert "    except IntegrityError:\n        session.commit()\n        return\n" in text
    assert "existing" not in text and "import select" not in text


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("session.add(parcel)", "session.add_all([parcel])"),
        ("session.add(parcel)", "session.add(Parcel(**notice))"),
        ("Parcel(code=", "Other(code="),
        ("code=notice", "label=notice"),
        (
            "    session.flush()",
            "    try:\n        session.flush()\n    except IntegrityError: pass",
        ),
    ],
)
def test_what_is_not_understood_is_left_alone(tmp_path: Path, before: str, after: str) -> None:
    assert part_of(tmp_path, STORE.replace(before, after)) is None
