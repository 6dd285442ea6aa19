"""What a remedy is, and what it has to go by."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from redhanded.case.codemap import CodeMap, DataAccess, Enqueue, UniqueConstraint
from redhanded.case.fix import FixPart
from redhanded.case.hypothesis import RootLocation
from redhanded.case.reproduction import Reproduction, RootCause
from redhanded.case.symptom import Symptom
from redhanded.case.system import System
from redhanded.source import edit, line_ends


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """Everything that a remedy may go by."""

    root: Path
    system: System
    code: CodeMap
    cause: RootCause
    reproduction: Reproduction
    symptom: Symptom

    def place(self, role: str) -> RootLocation | None:
        """The line of the root cause that plays ``role``. A write that was an INSERT creates."""
        found = next((each for each in self.cause.locations if each.role == role), None)
        if found is not None or role != "create":
            return found
        write = next((each for each in self.cause.locations if each.role == "write"), None)
        return write if write is not None and self._inserted_at(write) else None

    def _inserted_at(self, place: RootLocation) -> bool:
        run = self.reproduction.run
        return any(
            each.name.kind == "INSERT"
            and any((at.path, at.line) == (place.path, place.line) for at in each.stack)
            for each in (run.operations if run else ())
        )

    def text(self, path: str) -> str:
        """The file's content, lines ended by a line feed alone; raises OSError where it is gone,
        InputError where it is not UTF-8."""
        return line_ends.with_line_feeds(line_ends.contents(self.root / path))

    @property
    def constraint(self) -> UniqueConstraint | None:
        """The unique constraint that was violated."""
        names = (self.reproduction.constraint, self.symptom.constraint)
        for name in names:
            exact = [each for each in self.code.constraints if name and each.name == name]
            meant = exact or [each for each in self.code.constraints if each.is_called(name)]
            if len({each.table for each in meant}) == 1:
                return meant[0]
        return None

    @property
    def table(self) -> str | None:
        """The table that failed."""
        if self.constraint is not None:
            return self.constraint.table
        for failure in self.reproduction.run.failures if self.reproduction.run else ():
            if failure.table:
                return failure.table
        if self.symptom.table:
            return self.symptom.table
        roles = ("create", "write", "change", "lock", "statement")
        place = next((each for role in roles if (each := self.place(role)) is not None), None)
        near = self._near(place) if place is not None else None
        return near.table if near is not None else self._written()

    def _written(self) -> str | None:
        """The table that the line of the cause writes in the failing run, directly or not."""
        write = self.place("write")
        for each in self.reproduction.run.operations if self.reproduction.run else ():
            if write is not None and each.name.kind == "UPDATE" and write.location in each.stack:
                return each.name.target
        return None

    @property
    def look_up_columns(self) -> tuple[str, ...]:
        """Columns by which the handler looks for the row before it hands the work over."""
        found = self._look_up()
        return found.columns if found is not None else ()

    @property
    def looks_in_ranges(self) -> bool:
        """Whether that look compares some of them by less and greater: then two rows may not be
        there that differ in each column."""
        found = self._look_up()
        return found is not None and bool(found.ranges)

    def _look_up(self) -> DataAccess | None:
        place = self.place("look-up")
        for access in self.code.accesses:
            if (
                place is not None
                and access.location.path == place.path
                and abs(access.location.line - place.line) <= 1
                and access.table == self.table
            ):
                return access
        return None

    def library_at(self, place: RootLocation) -> str | None:
        """The library of the call that reads or writes a table at a line; None where the code map
        knows none."""
        best = self._near(place)
        return best.library if best is not None else None

    def _near(self, place: RootLocation) -> DataAccess | None:
        """What reads or writes a table at a line, or at the one beside it."""
        near = [
            each
            for each in self.code.accesses
            if each.location.path == place.path and abs(each.location.line - place.line) <= 1
        ]
        return min(near, key=lambda each: abs(each.location.line - place.line), default=None)

    def library_writing(self, place: RootLocation) -> str | None:
        """The library that writes the table that failed, at a line or, if none does there, in that
        file: a chain of calls stands at several lines."""
        in_file = {
            each.library
            for each in self.code.accesses
            if each.location.path == place.path
            and each.table == self.table
            and each.access != "read"
        }
        return self.library_at(place) or (in_file.pop() if len(in_file) == 1 else None)

    def migrates_with(self, library: str) -> bool:
        """Whether the table that failed is read and written by that library alone, where the code
        map knows by which."""
        used = {each.library for each in self.code.accesses if each.table == self.table}
        return used <= {library}

    def unique_on(self, columns: tuple[str, ...]) -> bool:
        """Whether the table holds each combination of ``columns`` once already; ``owner`` and
        ``owner_id`` are one to Django."""
        asked = {each.removesuffix("_id") for each in columns}
        return any(
            each.table == self.table
            and each.in_force
            and not each.where
            and {one.removesuffix("_id") for one in each.columns} <= asked
            for each in self.code.constraints
        )

    @property
    def tempting_columns(self) -> tuple[str, ...]:
        """The look-up's columns where nothing makes them unique and others were violated."""
        columns = self.look_up_columns
        if self.constraint is None or not columns or self.unique_on(columns):
            return ()
        return columns

    @property
    def enqueue(self) -> Enqueue | None:
        """The code map's view of the enqueue of the root cause."""
        place = self.place("enqueue")
        for each in self.code.enqueues:
            if (
                place is not None
                and each.location.path == place.path
                and abs(each.location.line - place.line) <= 3
            ):
                return each
        return None


class Remedy(Protocol):
    """One way to take the cause away. A module is one."""

    name: str
    """As hypotheses refer to it."""

    def parts(self, ground: Ground) -> tuple[FixPart, ...]:
        """The changes, tempting ones included; empty where the code does not allow it."""
        ...


def part(
    ground: Ground,
    *,
    key: str,
    remedy: str,
    title: str,
    why: str,
    files: Mapping[str, str],
    tempting: bool = False,
    excludes: tuple[str, ...] = (),
    needs: tuple[str, ...] = (),
) -> FixPart:
    """A part with its diff against the tree."""
    diffs = []
    for path, text in files.items():
        exists = (ground.root / path).exists()
        before = line_ends.contents(ground.root / path) if exists else None
        diffs.append(edit.unified(path, before, line_ends.with_ends_of(before or "", text)))
    return FixPart(
        key=key,
        remedy=remedy,
        title=title,
        why=why,
        files=dict(files),
        diff="".join(diffs),
        tempting=tempting,
        excludes=excludes,
        needs=needs,
    )


def found_or_created(
    ground: Ground, columns: Sequence[str], how: str, path: str, text: str
) -> FixPart:
    """Part ``b`` for one file: the row that is there is found where two would add it. It goes by
    the constraint that was violated or, where there was none, by the index of part ``c``.

    ``how`` the library does that, in sentences.
    """
    listed = ", ".join(columns)
    refuses = ground.constraint.name if ground.constraint else None
    return part(
        ground,
        key="b",
        remedy="find-or-create",
        title=f"Find or create the {ground.table} row by {listed}",
        why=f"Two writers of one {listed} meet at {refuses or 'its unique index'}. {how}",
        files={path: text},
        needs=() if ground.constraint else ("c",),
    )
