"""Python programs written in tests as text, followed from their entries, told in short lines."""

from __future__ import annotations

import textwrap
from pathlib import Path as File

from redhanded.source.flow.effects import Effect
from redhanded.source.flow.events import Event, Path
from redhanded.source.flow.frameworks import FRAMEWORKS
from redhanded.source.flow.program import Program
from redhanded.source.flow.reading import read
from redhanded.source.flow.schema_of import schema_of
from redhanded.source.flow.schema_texts import texts_of
from redhanded.source.flow.values import Known, Stored
from redhanded.source.flow.walk import walk


def followed(root: File, files: dict[str, str]) -> dict[str, Path]:
    """The paths by the names of their entries."""
    for name, text in files.items():
        place = root / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(textwrap.dedent(text).lstrip("\n"), encoding="utf-8")
    packages = [package for one in FRAMEWORKS for package in one.packages]
    found = read(root, ["."], packages, processes=1)
    program = Program(
        found.modules,
        FRAMEWORKS,
        resolving=found,
        schema=schema_of(found.modules, texts_of(root)),
        stands_for=found.stands_for,
    )
    paths = walk(program)
    assert not [one for one in program.limits if "fault" in one], program.limits
    assert not [limit for path in paths for limit in path.limits if "fault" in limit]
    return {one.entry.name: one for one in paths}


def lines(path: Path) -> list[str]:
    """What happens, one line for each effect."""
    return [said(one) for one in path.events if one.effect is not None]


def said(event: Event) -> str:
    """``read seats where id lock update``; what a transaction is around ends in ``in tx``."""
    effect = event.effect
    assert effect is not None
    words = [effect.kind, effect.subject or "?"]
    if effect.job:
        words.append(effect.job)
    for name in ("where", "ranges", "values"):
        columns = getattr(effect, name)
        if columns and effect.store == "database":
            written = [
                f"{one}:={value.text}" if isinstance(value, Stored) else one
                for one, value in columns.items()
            ]
            words += [name, ",".join(written)]
    words += _flags(effect)
    if event.transaction is not None:
        words.append("in tx")
    elif event.around:
        words.append("amid tx")
    return " ".join(words)


def _flags(effect: Effect) -> list[str]:
    found = []
    if effect.lock:
        found.append(f"lock {effect.lock}")
    if effect.conflict:
        found.append(f"conflict {effect.conflict}")
    if effect.aggregates:
        found.append("+".join(effect.aggregates))
    if effect.only_if_absent:
        found.append("if absent")
    if effect.owner_checked:
        found.append("by owner")
    if effect.expiry_s is not None:
        found.append(f"for {effect.expiry_s:g} s")
    if effect.isolation:
        found.append(effect.isolation)
    bits = effect.options.get("bits")
    if isinstance(bits, Known):
        found.append(f"{bits.value:g} bits")
    return found
