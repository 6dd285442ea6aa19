"""What happened to the system itself, as its logs show it: starts of processes, new versions."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from redhanded.case.evidence import Evidence
from redhanded.case.symptom import Marker
from redhanded.logs.fetch import shown
from redhanded.logs.record import Record

_VERSION_NAMES = (
    "version", "release", "commit", "build", "git_sha", "gitSha", "sha", "image", "revision",
    "service.version", "app.version", "deployment.version", "deployment_version",
)  # fmt: skip
_STARTED = re.compile(
    r"^(?:[\w-]+ )?(?:server |service |worker |app(?:lication)? |process |\w+ )?"
    r"(?:listening|started|starting|booted|booting|ready|up and running|restarted)\b"
    r"|\b(?:listening (?:on|at)|start(?:ed|ing) (?:server|service|worker|app|up)|booted up)\b",
    re.IGNORECASE,
)
_DEPLOYED = re.compile(
    r"\b(?:deploy(?:ed|ing|ment)?|released?|roll(?:ed|ing)? (?:out|back)|rollout|rollback|upgraded"
    r"|migrat(?:ed|ion applied))\b",
    re.IGNORECASE,
)
_PER_MESSAGE_MAX = 20
"""A message that comes more often is the system at work, not something that happens to it."""
_LENGTH_MAX = 200


@dataclass(slots=True)
class Markers:
    """Collects them from a pass over the records; of constant size."""

    _versions: dict[tuple[str, str], object] = field(default_factory=dict)
    _found: dict[tuple[str, str], list[Marker]] = field(default_factory=dict)
    _counts: dict[tuple[str, str], int] = field(default_factory=dict)

    def add(self, record: Record) -> None:
        """Notes the record if it shows a start or a new version."""
        at_ms = record.entry.at_ms
        if at_ms is None:
            return
        self._version(record, at_ms)
        message = record.entry.message
        if len(message) > _LENGTH_MAX or record.entry.level in ("error", "fatal", "debug", "trace"):
            return
        if _DEPLOYED.search(message):
            self._keep("deploy", message, record, at_ms)
        elif _STARTED.search(message):
            self._keep("start", message, record, at_ms)

    def finish(self) -> tuple[Marker, ...]:
        """In the order of time; frequent messages are left out."""
        kept = (
            marker
            for key, markers in self._found.items()
            if self._counts[key] <= _PER_MESSAGE_MAX
            for marker in markers
        )
        return tuple(sorted(kept, key=lambda marker: marker.at_ms))

    def _version(self, record: Record, at_ms: float) -> None:
        fields = record.entry.fields
        for name in _VERSION_NAMES:
            value = fields.get(name)
            if value is None:
                continue
            key = (record.source, name)
            before = self._versions.get(key)
            if before is None and len(self._versions) > 1_000:
                continue
            self._versions[key] = value
            if before is not None and before != value:
                self._keep("deploy", f"{name} {before} → {value}", record, at_ms)

    def _keep(self, kind: str, says: str, record: Record, at_ms: float) -> None:
        key = (kind, re.sub(r"\d+", "0", says)[:80])
        if key not in self._counts and len(self._counts) > 1_000:
            return
        self._counts[key] = self._counts.get(key, 0) + 1
        if self._counts[key] > _PER_MESSAGE_MAX:
            self._found.pop(key, None)
            return
        place = Evidence(
            path=record.path, line=record.line, text=shown(record.text.partition("\n")[0])
        )
        marker = Marker(at_ms=at_ms, kind=kind, says=shown(says), place=place)
        self._found.setdefault(key, []).append(marker)
