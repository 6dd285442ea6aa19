"""The logs of a variant: the example's, as the variant would have written them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from functools import partial
from typing import Any

from variant_files import Derived, styled
from variant_words import Vocabulary

FRAME = re.compile(r"/srv/orders/((?:src|node_modules)/[^\s():]*)(?::(\d+):(\d+))?")
OPENING = re.compile(r'^\{"level":(\d+),"time":(\d+)')
LEVELS = {"10": "trace", "20": "debug", "30": "info", "40": "warn", "50": "error", "60": "fatal"}
SQL_ERROR_TEXTS = ("message", "detail", "table", "constraint")


def translate_log(vocabulary: Vocabulary, files: Mapping[str, Derived], text: str) -> Iterator[str]:
    """The lines of a recorded log as the variant would have written them."""
    settings = vocabulary.settings["logs"]
    for line in text.splitlines(keepends=True):
        new = _translated(vocabulary, files, line)
        new = _same_length_field(line, new)
        for frame, with_caller in settings["frames"].items():
            new = re.sub(frame, with_caller, new)
        new = new.replace('"msg":', f'"{settings["message_key"]}":')
        yield OPENING.sub(partial(_opening, settings), new)


def _translated(vocabulary: Vocabulary, files: Mapping[str, Derived], line: str) -> str:
    pieces: list[str] = []
    end = 0
    for frame in FRAME.finditer(line):
        pieces += [vocabulary.text(line[end : frame.start()]), _frame(vocabulary, files, frame)]
        end = frame.end()
    pieces.append(vocabulary.text(line[end:]))
    return "".join(pieces)


def _frame(vocabulary: Vocabulary, files: Mapping[str, Derived], frame: re.Match[str]) -> str:
    path, line, column = frame.groups()
    place = f"/srv/{vocabulary.name}/"
    if line is None or path.startswith("node_modules/"):
        return frame.group().replace("/srv/orders/", place)
    file = files[path]
    before = file.original[int(line) - 1][: int(column) - 1]
    new_column = len(styled(vocabulary, vocabulary.text(before))) + 1
    return f"{place}{file.path}:{file.lines[int(line)]}:{new_column}"


def _same_length_field(old: str, new: str) -> str:
    """``length`` of a database error counts the bytes of its texts, which are others now."""
    if '"length":' not in old or not old.endswith("}\n"):
        return new
    before, after = (json.loads(line)["err"]["parent"] for line in (old, new))
    more = sum(len(after[key].encode()) - len(before[key].encode()) for key in SQL_ERROR_TEXTS)
    return new.replace(f'"length":{before["length"]},', f'"length":{before["length"] + more},')


def _opening(settings: Mapping[str, Any], match: re.Match[str]) -> str:
    level, time = match.groups()
    if settings["level_names"]:
        level = f'"{LEVELS[level]}"'
    if settings["iso_time"]:
        moment = datetime.fromtimestamp(int(time) / 1000, UTC)
        time = f'"{moment.strftime("%Y-%m-%dT%H:%M:%S")}.{int(time) % 1000:03d}Z"'
    return f'{{"level":{level},"time":{time}'
