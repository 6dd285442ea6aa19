"""The file that is read, so that what is wrong is said with its line."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from redhanded.case.errors import InputError
from redhanded.contract.complaints import nearest
from redhanded.contract.lines import line_of

Where = tuple[str | int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ContractFile:
    """``redhanded.toml`` and the folder it stands in."""

    name: str
    text: str
    root: Path

    def fail(self, where: Where, sentence: str) -> InputError:
        """What to raise for the key at ``where``."""
        return InputError(f"{self.name}:{line_of(self.text, where)}: {sentence}")

    def known(self, name: str, names: Iterable[str], what: str, where: Where) -> None:
        """Raises unless ``name`` is one of ``names``."""
        if name not in names:
            raise self.fail(where, f"there is no {what} {name!r}{nearest(name, names)}")

    def written(self, relative: str, where: Where) -> str:
        """The text of a file below the root."""
        try:
            return (self.root / relative).read_text(encoding="utf-8")
        except FileNotFoundError:
            raise self.fail(where, f"there is no file {relative} in {self.root}") from None
        except (OSError, UnicodeDecodeError) as error:
            raise self.fail(where, f"{relative} cannot be read: {error}") from None

    def loaded(self, relative: str, where: Where) -> Any:
        """The value of a JSON file below the root."""
        try:
            return json.loads(self.written(relative, where))
        except json.JSONDecodeError as error:
            place = f"line {error.lineno}, column {error.colno}"
            raise self.fail(where, f"{relative} is not JSON: {place}: {error.msg}") from None
