"""A scan as SARIF 2.1.0, for code hosts and editors, within what GitHub accepts.

Limits are those of GitHub's page "SARIF results exceed one or more limits": 25,000 results in a
run of which 5,000 are kept, 10,000 locations in a thread flow of which 1,000 are kept, 1,000
locations of a result of which 100 are kept, 10 MB packed. What does not fit is left out from the
end of the ranking, and the file says so.
"""

from __future__ import annotations

import gzip
import importlib.metadata
import json
import os
from collections.abc import Iterator, Sequence
from pathlib import Path, PurePosixPath
from urllib.parse import quote

from redhanded.case.evidence import Location
from redhanded.case.finding import Step
from redhanded.case.scan import Remark, Reported, Scan, ScanRule

RESULTS_MAX = 5_000
FLOW_LOCATIONS_MAX = 1_000
RELATED_MAX = 100
PACKED_BYTES_MAX = 10_000_000
SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
FINGERPRINT = "redhanded/v1"
LEVELS = {"new": "warning", "weak": "note", "suppressed": "warning", "known": "warning"}

Json = dict[str, object]


def sarif(scan: Scan, *, packed_bytes_max: int = PACKED_BYTES_MAX) -> bytes:
    """The whole file. Paths are relative to the repository, or to the root where there is none."""
    results = min(len(scan.findings), RESULTS_MAX)
    while True:
        text = _encoded(_log(scan, scan.findings[:results]))
        if results == 0 or len(gzip.compress(text, 6)) <= packed_bytes_max:
            return text
        results //= 2


def _encoded(log: Json) -> bytes:
    return (json.dumps(log, indent=1, ensure_ascii=True) + "\n").encode()


def _log(scan: Scan, findings: Sequence[Reported]) -> Json:
    place = _Places(scan)
    indices = {rule.name: index for index, rule in enumerate(scan.rules)}
    rules: list[Json] = [_rule(rule) for rule in scan.rules]
    results = [_result(one, indices, place) for one in findings]
    if scan.remarks:
        rules.append(REMARKS)
        results += [_remark(one, len(indices), place) for one in scan.remarks]
    left_out = len(scan.findings) - len(findings)
    run: Json = {
        "tool": {
            "driver": {
                "name": "redhanded",
                "semanticVersion": importlib.metadata.version("redhanded"),
                "rules": rules,
            }
        },
        "columnKind": "unicodeCodePoints",
        "originalUriBaseIds": {
            "%SRCROOT%": {"description": {"text": "The top of the repository."}},
        },
        "automationDetails": {"id": "redhanded/scan/"},
        "invocations": [_invocation(scan, left_out)],
        "results": results[:RESULTS_MAX],
    }
    return {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}


def _invocation(scan: Scan, left_out: int) -> Json:
    said = list(scan.limits)
    if left_out:
        said.append(f"{left_out} findings of lower rank were left out: the file would be too large")
    return {
        "executionSuccessful": True,
        "toolExecutionNotifications": [
            {"level": "note", "message": {"text": sentence}} for sentence in said
        ],
    }


def _rule(rule: ScanRule) -> Json:
    how = f"redhanded-ignore {rule.name} -- reason"
    safe = "\n".join(f"- {sentence}" for sentence in rule.safe)
    return {
        "id": rule.name,
        "name": "".join(part.capitalize() for part in rule.name.split("-")),
        "shortDescription": {"text": rule.title},
        "fullDescription": {"text": rule.wrong},
        "defaultConfiguration": {"level": "warning"},
        "help": {
            "text": f"{rule.wrong}\n\nSafe:\n{safe}\n\nTo decide it: {rule.experiment}\n\n"
            f"To accept one: a comment `{how}` on its line.",
            "markdown": f"{rule.wrong}\n\n**Safe**\n\n{safe}\n\n**To decide it:** "
            f"{rule.experiment}\n\n**To accept one:** a comment `{how}` on its line.",
        },
        "properties": {
            "tags": ["concurrency", "correctness", "reliability"],
            "precision": "high",
            "problem.severity": "warning",
            "remedy": rule.remedy,
        },
    }


REMARKS: Json = {
    "id": "suppression",
    "name": "Suppression",
    "shortDescription": {"text": "A comment that suppresses nothing"},
    "fullDescription": {
        "text": "A comment that speaks to redhanded and does not do what it says: it has no "
        "reason, names no rule that there is, or nothing is found there any more."
    },
    "defaultConfiguration": {"level": "note"},
    "help": {"text": "Write: redhanded-ignore RULE -- reason, or take the comment away."},
    "properties": {"tags": ["maintainability"], "problem.severity": "recommendation"},
}


def _result(one: Reported, indices: dict[str, int], place: _Places) -> Json:
    finding = one.finding
    result: Json = {
        "ruleId": finding.rule,
        "ruleIndex": indices[finding.rule],
        "level": "error" if one.fails else LEVELS.get(one.state, "warning"),
        "rank": round(one.score * 100, 1),
        "message": {"text": _message(one)},
        "locations": [place.location(finding.location)],
        "partialFingerprints": {
            FINGERPRINT: one.fingerprint,
            "primaryLocationLineHash": f"{one.fingerprint}:1",
        },
        "properties": _properties(one),
    }
    if finding.steps:
        result["codeFlows"] = [_flow(finding.steps, finding.message, place)]
    related = [
        {**place.location(reason.location), "id": number, "message": {"text": reason.says}}
        for number, reason in enumerate(finding.reasons)
        if reason.location is not None
    ]
    if related:
        result["relatedLocations"] = related[:RELATED_MAX]
    if one.state == "suppressed":
        result["suppressions"] = [{"kind": "inSource", "justification": one.because}]
    if one.state == "known":
        result["baselineState"] = "unchanged"
    return result


def _properties(one: Reported) -> Json:
    finding = one.finding
    found: Json = {"subject": finding.subject, "entry": finding.entry}
    if finding.package:
        found["package"] = finding.package
    if one.confirmation is not None:
        found["confirmation"] = one.confirmation.word
        found["confirmationWhy"] = one.confirmation.why
        found["schedule"] = one.confirmation.schedule
    return found


def _message(one: Reported) -> str:
    said = one.finding.message
    if one.confirmation is not None and one.confirmation.word == "CONFIRMED":
        said += f" Made to happen in the lab: {one.confirmation.why}."
    return said


def _flow(steps: Sequence[Step], message: str, place: _Places) -> Json:
    kept = [each for step in steps for each in _led_to(step)]
    if len(kept) > FLOW_LOCATIONS_MAX:
        kept = [*kept[: FLOW_LOCATIONS_MAX - 1], kept[-1]]
    locations = [
        {
            "location": {**place.location(at), "message": {"text": says}},
            "executionOrder": number,
            "nestingLevel": depth,
            "importance": importance,
        }
        for number, (at, says, depth, importance) in enumerate(kept, 1)
    ]
    return {"message": {"text": message}, "threadFlows": [{"locations": locations}]}


def _led_to(step: Step) -> Iterator[tuple[Location, str, int, str]]:
    """Place, words, depth and importance of a step and of the calls that lead there."""
    for depth, at in enumerate(step.via):
        yield at, "this call leads to the next step", depth, "important"
    yield step.location, step.says, len(step.via), "essential"


def _remark(one: Remark, index: int, place: _Places) -> Json:
    return {
        "ruleId": REMARKS["id"],
        "ruleIndex": index,
        "level": "note",
        "message": {"text": f"{one.says[:1].upper()}{one.says[1:]}."},
        "locations": [place.location(one.location)],
    }


class _Places:
    """Locations as SARIF has them."""

    def __init__(self, scan: Scan) -> None:
        self.prefix = prefix(scan)

    def location(self, at: Location) -> Json:
        found: Json = {
            "physicalLocation": {
                "artifactLocation": {"uri": self.uri(at.path), "uriBaseId": "%SRCROOT%"},
                "region": {"startLine": max(at.line, 1)},
            }
        }
        if at.function:
            found["logicalLocations"] = [{"name": at.function, "kind": "function"}]
        return found

    def uri(self, path: str) -> str:
        """Percent-encoded, by the bytes that the name has on disk."""
        return quote(os.fsencode(str(PurePosixPath(self.prefix, path))), safe="/-._~")


def prefix(scan: Scan) -> str:
    """The root as seen from the top of the repository; empty where they are the same."""
    if not scan.repository:
        return ""
    inside = Path(os.path.relpath(scan.root, scan.repository)).as_posix()
    return "" if inside == "." else inside
