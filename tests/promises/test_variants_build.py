"""The variants are other services, and what a hunt must find there is where they say."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import variants
from variant_files import LOCK_FILE

from redhanded.lab.services import find_node

KINDS = ("renamed", "bullmq")
FORBIDDEN = re.compile(
    r"stripe|orders?(?!: \[)|payment|intent|external.?reference|process.payment|checkout|customer"
    r"|refund|webhook|storefront|provider|bull.config|id.generator"
    # The key of an option of pino-http, which is not ours to name.
    r"|\breqId\b(?!: .(?:traceId|callId))|\b(?:WEB|ORD)-"
    r"|(?<![a-z])(?:pi|evt|whsec)_|DATABASE_URL|REDIS_URL",
    re.IGNORECASE,
)
STATEMENTS = {
    ("renamed", "enqueue"): 'const job = await dispatchLine.add("book-shipment", {',
    ("renamed", "call"): "await parcelDesk.createFromShipment(job.data, waybill)",
    ("renamed", "create"): "const parcel = await Parcel.create({",
    ("renamed", "constraint"): 'await queryInterface.addConstraint("parcels", {',
    ("renamed", "look-up"): "await Parcel.findOne({ where: { dispatchNoticeId: notice.id } })",
    ("bullmq", "enqueue"): "const job = await confirmationChannel.add('confirm-hold', {",
    ("bullmq", "call"): "await bookingKeeper.createFromSettlement(job.data, voucher)",
    ("bullmq", "create"): "const booking = await Booking.create({",
    ("bullmq", "constraint"): "await queryInterface.addConstraint('bookings', {",
    ("bullmq", "look-up"): "await Booking.findOne({ where: { seatHoldId: hold.id } })",
}


@pytest.fixture(scope="module", params=KINDS)
def built(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> tuple[str, variants.Variant]:
    folder = tmp_path_factory.mktemp(request.param)
    return request.param, variants.build(request.param, folder, safe=False, modules=False)


@pytest.fixture(scope="module", params=KINDS)
def safe(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> variants.Variant:
    folder = tmp_path_factory.mktemp(f"safe-{request.param}")
    return variants.build(request.param, folder, safe=True, modules=False)


def test_no_word_of_the_example_is_left(built: tuple[str, variants.Variant]) -> None:
    _, variant = built
    for folder in (variant.root, variant.logs):
        for path in files_of(folder):
            assert not FORBIDDEN.search(str(path.relative_to(folder))), path
            for number, line in enumerate(path.read_text().splitlines(), start=1):
                found = FORBIDDEN.search(line)
                assert not found, f"{path}:{number}: {found and found.group()} in {line[:200]}"


def test_expected_lines_hold_the_statements(built: tuple[str, variants.Variant]) -> None:
    kind, variant = built
    assert set(variant.expected) == {role for of_kind, role in STATEMENTS if of_kind == kind}
    for role, (path, line) in variant.expected.items():
        text = (variant.root / path).read_text().splitlines()[line - 1]
        assert STATEMENTS[kind, role] in text
        assert text not in original_lines()


def test_the_log_names_the_table_and_the_constraint(built: tuple[str, variants.Variant]) -> None:
    _, variant = built
    failures = [error for error in errors(variant) if variant.symptom in json.dumps(error)]
    assert len(failures) >= 3
    for error in failures:
        assert error["parent"]["constraint"] == variant.constraint
        assert error["parent"]["table"] == variant.table
    assert f'"queue":"{variant.queue}"' in "".join(map(Path.read_text, logs_of(variant)))


def test_stack_frames_of_the_log_point_at_the_statements(
    built: tuple[str, variants.Variant],
) -> None:
    _, variant = built
    frame = re.compile(rf"/srv/{variant.root.name}/((?!node_modules)[^\s():]+):(\d+):(\d+)")
    reached = set()
    for error in errors(variant):
        for path, line, column in frame.findall(error["stack"]):
            text = (variant.root / path).read_text().splitlines()[int(line) - 1]
            # An asynchronous call is reported at its callee, a throw at its expression.
            assert re.match(r"[A-Za-z.]+\(|new ", text[int(column) - 1 :].removeprefix("await "))
            reached.add((path, int(line)))
    assert {variant.expected["create"], variant.expected["call"]} <= reached


def test_the_sources_are_programs(built: tuple[str, variants.Variant]) -> None:
    _, variant = built
    scripts = [str(path) for path in files_of(variant.root) if path.suffix == ".js"]
    check = "const {Script} = require('vm'), {readFileSync} = require('fs');" + (
        "for (const path of process.argv.slice(1))"
        " new Script(`(function () {${readFileSync(path, 'utf8')}\n})`, {filename: path});"
    )
    subprocess.run([find_node(), "-e", check, *scripts], check=True)
    assert len(scripts) > 35


def test_it_is_a_clean_repository_with_a_history(built: tuple[str, variants.Variant]) -> None:
    _, variant = built
    assert git(variant, "status", "--porcelain") == ""
    assert git(variant, "rev-list", "--count", "HEAD") == "3"
    path, line = variant.expected["enqueue"]
    blamed = git(variant, "blame", "--porcelain", f"-L{line},{line}", "--", path)
    assert git(variant, "rev-parse", "HEAD~1") in blamed


def test_the_same_input_gives_the_same_commit(
    built: tuple[str, variants.Variant], tmp_path: Path
) -> None:
    kind, variant = built
    again = variants.build(kind, tmp_path, safe=False, modules=False)
    assert git(again, "rev-parse", "HEAD") == git(variant, "rev-parse", "HEAD")


def test_the_safe_twin_has_the_fix(safe: variants.Variant) -> None:
    path, line = safe.expected["create"]
    assert ".findOrCreate({" in (safe.root / path).read_text().splitlines()[line - 1]
    path, line = safe.expected["enqueue"]
    call = (safe.root / path).read_text().splitlines()[line : line + 12]
    options = " ".join(call)
    assert all(option in options for option in ("jobId: ", "removeOnComplete: {", "removeOnFail"))


def test_bullmq_takes_the_place_of_bull(built: tuple[str, variants.Variant]) -> None:
    kind, variant = built
    manifest = json.loads((variant.root / "package.json").read_text())
    lock = json.loads((variant.root / LOCK_FILE).read_text())
    wanted, other = ("bullmq", "bull") if kind == "bullmq" else ("bull", "bullmq")
    assert wanted in manifest["dependencies"] and other not in manifest["dependencies"]
    assert f"node_modules/{wanted}" in lock["packages"]
    assert f"node_modules/{other}" not in lock["packages"]
    sources = "".join(path.read_text() for path in files_of(variant.root) if path.suffix == ".js")
    assert set(re.findall(r"""require\(["'](bull\w*)["']\)""", sources)) == {wanted}


def test_lock_files_name_no_registry() -> None:
    for path in (variants.EXAMPLE, variants.VARIANTS / "bullmq" / "files"):
        assert '"resolved"' not in (path / LOCK_FILE).read_text()


def files_of(folder: Path) -> Iterator[Path]:
    """Files of a variant, without git's own and the lock file, which names only packages."""
    for path in sorted(folder.rglob("*")):
        own = path.relative_to(folder).parts[0] != ".git" and path.name != LOCK_FILE
        if own and path.is_file():
            yield path


def logs_of(variant: variants.Variant) -> list[Path]:
    return sorted(variant.logs.glob("*.log"))


def errors(variant: variants.Variant) -> list[dict[str, Any]]:
    """The errors in the logs; the last line of a file may be cut off."""
    lines = [line for path in logs_of(variant) for line in path.read_text().splitlines(True)]
    whole = [line for line in lines if line.endswith("}\n")]
    return [json.loads(line)["err"] for line in whole if '"err":' in line]


def original_lines() -> set[str]:
    paths = [*variants.EXAMPLE.glob("src/**/*.js"), *variants.EXAMPLE.glob("migrations/*.js")]
    return {line for path in paths for line in path.read_text().splitlines()}


def git(variant: variants.Variant, *arguments: str) -> str:
    done = subprocess.run(
        ["git", *arguments], cwd=variant.root, check=True, capture_output=True, text=True
    )
    return done.stdout.strip()
