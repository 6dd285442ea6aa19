"""What tells one JSON logger from another, and where each keeps time, level and message."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from redhanded.logs.levels import level_name
from redhanded.logs.record import Scalar

TIME_NAMES = (
    "time", "timestamp", "@timestamp", "ts", "datetime", "date", "asctime", "@t", "t", "t.$date",
    "eventTime", "created", "when",
)  # fmt: skip
LEVEL_NAMES = (
    "level", "severity", "log.level", "lvl", "levelname", "log_level", "@l", "loglevel", "status",
    "s",
)  # fmt: skip
MESSAGE_NAMES = ("msg", "message", "@m", "event", "text", "log", "@mt", "body", "short_message")

Fields = Mapping[str, Scalar]


@dataclass(frozen=True, slots=True, kw_only=True)
class JsonDialect:
    """One logger's way to write an entry as one flat or nested object."""

    name: str
    """As it is shown to people."""
    needs: tuple[str, ...]
    """Flat names that an entry always has."""
    any_of: tuple[str, ...] = ()
    """Flat names of which an entry has one, if any are given."""
    time: tuple[str, ...] = TIME_NAMES
    """Flat names of the time, the first one present counts."""
    unit: str | None = None
    """Of a time that is a number: s, ms, us or ns."""
    level: tuple[str, ...] = LEVEL_NAMES
    message: tuple[str, ...] = MESSAGE_NAMES
    read_level: Callable[[object], str | None] = level_name
    """From the level's value to ours."""
    default_level: str | None = None
    """Where an entry of this logger names none."""
    when: Callable[[Fields], bool] | None = None
    """What else has to be true of the fields."""
    amend: Callable[[dict[str, Scalar]], None] | None = None
    """Changes the fields in place: takes prefixes off, gives ids the form that others use."""

    def fits(self, fields: Fields) -> bool:
        """Whether an entry with these flat fields was written by this logger."""
        if not all(name in fields for name in self.needs):
            return False
        if self.any_of and not any(name in fields for name in self.any_of):
            return False
        return self.when is None or self.when(fields)


def without_prefix(fields: dict[str, Scalar], prefix: str) -> None:
    """Takes ``prefix`` off all names that have it, unless the short name is taken."""
    for name in [name for name in fields if name.startswith(prefix)]:
        short = name[len(prefix) :]
        if short and short not in fields:
            fields[short] = fields.pop(name)
