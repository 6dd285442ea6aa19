"""The case folder on disk: append-only, readable at any moment, safe against ``kill -9``.

``<target>/.redhanded/cases/<identifier>/stages.jsonl`` holds one JSON line per finished stage,
written with one ``write`` and an ``fsync``. A line names fields of ``Case`` and their values; a
case is what remains when the lines are laid over each other in order. A last line that was torn by
a crash is no line. A lock on the folder keeps two hunts from working on one case; the system lets
go of it when the process ends, however it ends.
"""

from __future__ import annotations

import fcntl
import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from redhanded.case.case import STAGES, Case
from redhanded.case.errors import InputError, UsageError
from redhanded.case.request import HuntRequest

FOLDER = ".redhanded"


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenCase:
    """A case that this process may write to."""

    folder: Path
    """Artefacts (report, patches, recorded runs) may be put beside ``stages.jsonl``."""
    request: HuntRequest

    @property
    def identifier(self) -> str:
        return self.folder.name

    def append(self, stage: str, values: Mapping[str, object], *, seconds: float = 0.0) -> Case:
        """Writes what ``stage`` found and gives the case as it now stands.

        ``values`` are fields of ``Case``; each replaces what earlier lines said of it. A ``stage``
        that is not one of ``STAGES`` (``gate``, ``note``) adds values without being finished.
        """
        unknown = set(values) - set(Case.__dataclass_fields__)
        if unknown:
            raise TypeError(f"a case has no {', '.join(sorted(unknown))}")
        line = {"stage": stage, "seconds": round(seconds, 3), "values": values}
        _append_line(self.folder / "stages.jsonl", line)
        return read(self.folder)

    def free_folder(self, name: str) -> Path:
        """A folder of the case that is not there yet: a killed run may have left one.

        Raises InputError where there are a thousand of the name.
        """
        for number in range(1, 1000):
            folder = self.folder / (name if number == 1 else f"{name}-{number}")
            if not folder.exists():
                return folder
        raise InputError(f"{self.folder} holds too many attempts; hunt in a new case.")

    def read(self) -> Case:
        """The case as it stands."""
        return read(self.folder)


@contextmanager
def open_case(request: HuntRequest) -> Iterator[OpenCase]:
    """A new case in the target's ``.redhanded``, locked until the block ends."""
    cases = _cases_folder(request.target)
    folder = _new_folder(cases, request.symptom or "hunt")
    with _locked(folder):
        opening = {
            "stage": "open",
            "seconds": 0.0,
            "request": request,
            "values": {
                "identifier": folder.name,
                "target": str(request.target),
                "symptom": {"text": request.symptom or ""},
                "seed": request.seed,
            },
        }
        _append_line(folder / "stages.jsonl", opening)
        yield OpenCase(folder=folder, request=request)


@contextmanager
def resume_case(target: Path, identifier: str | None = None) -> Iterator[OpenCase]:
    """The case to go on with (the latest without ``identifier``), locked until the block ends.

    ``OpenCase.request`` is what was asked when it was opened. Raises ``UsageError`` for a case
    that another process works on, ``InputError`` for one that is not there.
    """
    folder = find(target, identifier)
    with _locked(folder):
        _drop_torn_line(folder / "stages.jsonl")
        yield OpenCase(folder=folder, request=request_of(folder))


def find(target: Path, identifier: str | None = None) -> Path:
    """The folder of a case: by identifier, by its number, or the latest one."""
    folders = all_cases(target)
    if not folders:
        raise InputError(
            f"there is no case in {target / FOLDER}; `redhanded hunt {target} --logs FILE "
            "--symptom TEXT` opens one"
        )
    if identifier is None or identifier == "latest":
        return folders[-1]
    for folder in folders:
        number = folder.name.split("-", 1)[0]
        if folder.name == identifier or (identifier.isdigit() and int(number) == int(identifier)):
            return folder
    known = ", ".join(folder.name for folder in folders[-5:])
    raise InputError(f"there is no case {identifier!r} in {target / FOLDER}; there is {known}")


def latest(target: Path) -> Path | None:
    """The folder of the newest case, or None."""
    folders = all_cases(target)
    return folders[-1] if folders else None


def all_cases(target: Path) -> tuple[Path, ...]:
    """Folders of all cases that were opened, oldest first."""
    cases = target / FOLDER / "cases"
    if not cases.is_dir():
        return ()
    named = (path for path in cases.iterdir() if re.match(r"\d+-", path.name))
    opened = (path for path in named if _is_opened(path / "stages.jsonl"))
    return tuple(sorted(opened, key=lambda path: int(path.name.split("-", 1)[0])))


def _is_opened(path: Path) -> bool:
    """Whether the opening line is whole."""
    try:
        with path.open("rb") as stream:
            return stream.readline().endswith(b"\n")
    except FileNotFoundError:
        return False


def read(folder: Path) -> Case:
    """The case in ``folder`` as far as its stages are finished."""
    fields: dict[str, Any] = {}
    finished: list[str] = []
    timings: dict[str, float] = {}
    for line in _required_lines(folder):
        fields |= line["values"]
        if line["stage"] in STAGES and line["stage"] not in finished:
            finished.append(line["stage"])
        if line["seconds"]:
            timings[line["stage"]] = line["seconds"]
    fields["finished"] = finished
    fields["timings_s"] = timings | fields.get("timings_s", {})
    try:
        return msgspec.convert(fields, Case)
    except msgspec.ValidationError as error:
        raise InputError(
            f"{folder / 'stages.jsonl'} was written by another version of redhanded ({error}); "
            "hunt again to open a new case"
        ) from None


def request_of(folder: Path) -> HuntRequest:
    """What was asked when the case was opened."""
    return msgspec.convert(
        _required_lines(folder)[0]["request"], HuntRequest, dec_hook=lambda kind, value: kind(value)
    )


def artefact(folder: Path, name: str, content: str) -> Path:
    """Writes a file beside the stages, whole or not at all."""
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(path.name + ".part")
    with draft.open("w", encoding="utf-8") as stream:
        stream.write(content)
        stream.flush()
        os.fsync(stream.fileno())
    draft.replace(path)
    return path


def state_folder(target: Path) -> Path:
    """Where redhanded keeps what belongs to a project, made if need be, and kept out of git."""
    return _cases_folder(target).parent


def _cases_folder(target: Path) -> Path:
    """The folder of all cases, made if need be, and kept out of git."""
    state = target / FOLDER
    cases = state / "cases"
    try:
        cases.mkdir(parents=True, exist_ok=True)
        ignore = state / ".gitignore"
        if not ignore.exists():
            ignore.write_text("*\n", encoding="utf-8")
    except OSError as error:
        raise InputError(f"the case cannot be written to {state}: {error.strerror}") from None
    return cases


def _new_folder(cases: Path, words: str) -> Path:
    """``0007-words``; ``mkdir`` decides who has the number when two hunts start at once."""
    slug = re.sub(r"[^a-z0-9]+", "-", words.lower()).strip("-")[:40].strip("-") or "hunt"
    number = 1 + max((_number(path) for path in cases.iterdir()), default=0)
    while True:
        claim = cases / f".{number:04d}"
        try:
            claim.mkdir()
        except FileExistsError:
            number += 1
            continue
        folder = cases / f"{number:04d}-{slug}"
        folder.mkdir()
        return folder


def _number(path: Path) -> int:
    found = re.match(r"\.?(\d+)", path.name)
    return int(found[1]) if found else 0


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    with (folder / "lock").open("a+") as stream:
        try:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            stream.seek(0)
            raise UsageError(
                f"case {folder.name} is being worked on by process {stream.read().strip()}; "
                "wait for it, end it, or open a new case without --resume"
            ) from None
        stream.truncate(0)
        stream.write(f"{os.getpid()}\n")
        stream.flush()
        yield


def _append_line(path: Path, value: Mapping[str, object]) -> None:
    line = msgspec.json.encode(value, enc_hook=_path_as_text) + b"\n"
    descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
    try:
        remaining = memoryview(line)
        while remaining:
            remaining = remaining[os.write(descriptor, remaining) :]
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _path_as_text(value: object) -> object:
    if isinstance(value, Path):
        return str(value)
    raise NotImplementedError(f"a case cannot hold a {type(value).__name__}")


def _drop_torn_line(path: Path) -> None:
    """Cuts what a crash left after the last newline, so that the next line begins at its own."""
    content = path.read_bytes()
    whole = content.rfind(b"\n") + 1
    if whole < len(content):
        os.truncate(path, whole)


def _required_lines(folder: Path) -> list[dict[str, Any]]:
    lines = _lines(folder / "stages.jsonl")
    if not lines:
        raise InputError(f"{folder} holds no case; `redhanded cases` lists those there are")
    return lines


def _lines(path: Path) -> list[dict[str, Any]]:
    """All whole lines; a line in the middle that is not JSON is damage and is said so."""
    try:
        content = path.read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        return []
    lines = []
    for number, line in enumerate(content[: content.rfind(b"\n") + 1].splitlines(), start=1):
        try:
            lines.append(msgspec.json.decode(line))
        except msgspec.DecodeError as error:
            raise InputError(
                f"{path}:{number}: the case is damaged ({error}); open a new one"
            ) from None
    return lines
