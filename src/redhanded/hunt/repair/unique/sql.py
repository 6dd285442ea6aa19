"""Files of SQL, one after the other or run again and again, Prisma's and Drizzle's; SQL in code."""

from __future__ import annotations

import json
import re
from pathlib import PurePosixPath

from redhanded.hunt.repair.prisma_schema import with_unique
from redhanded.hunt.repair.unique.wanted import Drafted, Wanted, next_name, written
from redhanded.source import edit

_BLOCKS = (
    ("-- migrate:up", "-- migrate:down"),
    ("-- +goose Up", "-- +goose Down"),
    ("-- +migrate Up", "-- +migrate Down"),
)
_BUILT = "It stops, and changes nothing, where the table holds doubled rows; writers wait for it."
_AGAIN = "A database in which the table is there already gets it with the next run of that file; "
_ONCE = "A database in which the table is there already needs the statement run by hand; "

_PIECES = re.compile(r"--[^\n]*|/\*.*?\*/|'[^']*'|\"[^\"\n]*\"|[()]", re.DOTALL)


def numbered(wanted: Wanted) -> Drafted | None:
    """A file more in a folder of numbered ones, its name as theirs."""
    if not wanted.path.endswith(".sql") or _is_named_elsewhere(wanted):
        return None
    if (wanted.ground.root / wanted.folder / "meta/_journal.json").exists():
        return None  # Drizzle's, and not understood.
    name = next_name(wanted, _what(wanted))
    if name is None:
        return None
    drop = f"{wanted.dropped};\n"
    text = f"{wanted.statement};\n"
    for up, down in _BLOCKS:
        if up in wanted.text:
            text = f"{up}\n{text}\n{down}\n{drop}"
    files = {f"{wanted.folder}/{name}".removeprefix("./"): text}
    if name.endswith(".up.sql"):
        files[f"{wanted.folder}/{name.removesuffix('.up.sql')}.down.sql".removeprefix("./")] = drop
    return Drafted(files=files, how=_BUILT)


def prisma(wanted: Wanted) -> Drafted | None:
    """A migration's folder more."""
    if PurePosixPath(wanted.path).name != "migration.sql":
        return None
    name = next_name(wanted, _what(wanted), folders=True)
    if name is None:
        return None
    above = PurePosixPath(wanted.folder).parent
    files = {f"{above}/{name}/migration.sql": f"{wanted.statement};\n"}
    return Drafted(files=files | _in_schema(wanted), how=_BUILT)


def pushed(wanted: Wanted) -> Drafted | None:
    """The schema of Prisma alone, which ``prisma db push`` makes so."""
    if not wanted.path.endswith(".prisma"):
        return None
    files = _in_schema(wanted)
    how = "prisma db push makes it, and warns first; it fails where the table holds doubled rows."
    return Drafted(files=files, how=how) if files else None


def _in_schema(wanted: Wanted) -> dict[str, str]:
    found = with_unique(wanted.ground.root, wanted.table, wanted.columns, wanted.index)
    return {} if found is None else dict([found])


def drizzle(wanted: Wanted) -> Drafted | None:
    """A file more, and its entry in the journal."""
    journal = f"{wanted.folder}/meta/_journal.json"
    if not (wanted.ground.root / journal).is_file() or not wanted.path.endswith(".sql"):
        return None
    name = next_name(wanted, _what(wanted))
    try:
        known = json.loads(wanted.ground.text(journal))
        entries = known["entries"]
        last = max(entries, key=lambda each: each["idx"])
        more = {**last, "idx": last["idx"] + 1, "when": last["when"] + 1}
    except (ValueError, KeyError, TypeError):
        return None
    if name is None:
        return None
    known["entries"] = [*entries, {**more, "tag": name.removesuffix(".sql")}]
    return Drafted(
        files={
            f"{wanted.folder}/{name}": f"{wanted.statement};\n",
            journal: json.dumps(known, indent=2) + "\n",
        },
        how=f"{_BUILT} Say it in the schema as well (uniqueIndex('{wanted.index}')); drizzle-kit "
        "then proposes the same statement once more, which is to be left out.",
    )


def again(wanted: Wanted) -> Drafted | None:
    """After the statement that makes the table, in the same text."""
    place = re.compile(
        r"create\s+table\s+(if\s+not\s+exists\s+)?"
        + r"\s*\.\s*".join(rf'"?{re.escape(each)}"?' for each in wanted.table.split("."))
        + r"\s*\(",
        re.IGNORECASE,
    ).search(_without_comments(wanted.text), _offset(wanted))
    end = _closed(wanted.text, place.end() - 1) if place is not None else None
    if place is None or end is None:
        return None
    is_file = wanted.path.endswith(".sql")
    is_step = re.match(r"[VU]?\d", PurePosixPath(wanted.path).name) is not None
    if is_file and is_step and not _is_named_elsewhere(wanted):
        return None  # It has been run, and is not run again.
    inside = wanted.text[place.end() : end]
    if any(not re.search(rf"\b{re.escape(each)}\b", inside) for each in wanted.columns):
        return None  # Added later, and the index would come before it.
    if not is_file and not _is_one_text(wanted, place.start(), end):
        return None
    tail = re.match(r"[^;'\"`]*?;", wanted.text[end:])
    if not is_file and place[1] is None:
        return None  # What is run once, and is code, may be one step of many.
    text = wanted.text
    at = end + tail.end() if tail is not None else end
    line = text.rfind("\n", 0, place.start()) + 1
    pad = re.match(r"[ \t]*", text[line:])
    listed = ", ".join(map(written, wanted.columns))
    on = f"{written(wanted.table)} ({listed})"
    statement = f"CREATE UNIQUE INDEX IF NOT EXISTS {written(wanted.index)} ON {on}"
    put = f"{'' if tail is not None else ';'}\n{pad[0] if pad else ''}{statement}"
    put += ";" if tail is not None else ""
    if not is_file and '"' in put:
        return None
    if not is_file and _is_quoted_in_one_line(text, place.start()):
        put = re.sub(r"\s+", " ", put)
    said = _AGAIN if place[1] is not None else _ONCE
    return Drafted(files={wanted.path: text[:at] + put + text[at:]}, how=said + _BUILT.lower())


def _offset(wanted: Wanted) -> int:
    """Where the line begins that makes the table; a text of several lines begins above."""
    lines = wanted.text.split("\n")[: max(0, wanted.line - 1)]
    return sum(len(each) + 1 for each in lines)


def _without_comments(text: str) -> str:
    """SQL's comments blanked out, each offset as it was."""
    return re.sub(r"--[^\n]*|/\*.*?\*/", lambda found: " " * len(found[0]), text, flags=re.DOTALL)


def _is_one_text(wanted: Wanted, start: int, end: int) -> bool:
    """Whether code gives the statement in one text to a call that takes several statements."""
    source = edit.read(wanted.text, wanted.path)
    first, last = (len(wanted.text[:at].encode()) for at in (start, end))
    for each in edit.walk(source.tree):
        if each.type not in ("string", "template_string") or not each.start_byte < first:
            continue
        if each.end_byte < last or (each.parent is not None and "concat" in each.parent.type):
            continue
        holder = each.parent
        while holder is not None and holder.type in ("argument_list", "arguments"):
            holder = holder.parent
        takes = holder is not None and holder.type in ("call", "call_expression")
        asked = edit.callee(source, holder)[1] if takes and holder is not None else ""
        return asked in ("query", "execute", "raw", "unsafe", "run") and source.of(
            each.parent or each
        ).startswith("(")
    return False


def _what(wanted: Wanted) -> str:
    listed = "-".join((wanted.table.rpartition(".")[2], *wanted.columns))
    return f"unique-{listed}".replace("_", "-").lower()


def _is_named_elsewhere(wanted: Wanted) -> bool:
    """Whether a migration is told the file by name, so that one beside it would not be run."""
    name = PurePosixPath(wanted.path).name
    return any(name in (each.migrate or "") for each in wanted.ground.system.services)


def _closed(text: str, start: int) -> int | None:
    """The offset after the bracket that closes the one at ``start``."""
    depth = 0
    for found in _PIECES.finditer(text, start):
        if found[0] in "()":
            depth += 1 if found[0] == "(" else -1
            if depth == 0:
                return found.end()
    return None


def _is_quoted_in_one_line(text: str, at: int) -> bool:
    """Whether the text of code around an offset cannot hold a line's end."""
    line = text[text.rfind("\n", 0, at) + 1 : at]
    opened = re.findall(r"`|\"\"\"|'''|\"|'", line)
    return bool(opened) and opened[-1] in ("'", '"')
