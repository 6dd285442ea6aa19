"""``redhanded scan``."""

from __future__ import annotations

import gc
import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from redhanded.cli.options import NoColor
from redhanded.source.garbage import collected_rarely

if TYPE_CHECKING:
    from redhanded.case.scan import Scan, ScanRequest


class ScanFormat(StrEnum):
    """How findings are printed."""

    HUMAN = "human"
    JSON = "json"
    SARIF = "sarif"
    GITHUB = "github"
    JUNIT = "junit"


Paths = Annotated[
    list[Path] | None,
    typer.Argument(help="Files or folders; the folder here without any.", show_default=False),
]
FormatOption = Annotated[
    ScanFormat, typer.Option("--format", help="Everything but human: the document alone on stdout.")
]
FailOn = Annotated[
    str | None,
    typer.Option(
        "--fail-on",
        metavar="SCORE|none",
        help="Exit 1 at findings of this score or more; without it, each rule's own threshold.",
    ),
]
All = Annotated[bool, typer.Option("--all", help="Show weak, suppressed and known findings, too.")]
Explain = Annotated[
    bool, typer.Option("--explain", help="Reasons with weights, and what would be safe.")
]
Baseline = Annotated[
    Path | None, typer.Option("--baseline", metavar="FILE", help="Findings in it are known.")
]
WriteBaseline = Annotated[
    Path | None,
    typer.Option("--write-baseline", metavar="FILE", help="Take what is found now for known."),
]
ChangedSince = Annotated[
    str | None,
    typer.Option("--changed-since", metavar="REV", help="Only what touches lines changed since."),
]
Rules = Annotated[
    list[str] | None, typer.Option("--rule", metavar="NAME", help="Only this rule; repeatable.")
]
NoCache = Annotated[bool, typer.Option("--no-cache", help="Read everything anew, keep nothing.")]
Output = Annotated[
    Path | None,
    typer.Option(
        "--output", "-o", metavar="FILE", help="Write the document there, and show the screen, too."
    ),
]
Packages = Annotated[
    bool,
    typer.Option(
        "--packages/--no-packages",
        help="Look into the installed packages that the program uses and that hold state.",
    ),
]
PackagesIn = Annotated[
    Path | None,
    typer.Option(
        "--packages-in",
        metavar="DIR",
        help="Where they are installed: node_modules, site-packages, or what holds them.",
    ),
]
Package = Annotated[
    list[str] | None,
    typer.Option(
        "--package",
        metavar="NAME",
        help="Look at this installed package alone, as a library; repeatable.",
    ),
]
Confirm = Annotated[
    bool, typer.Option("--confirm", help="Hand each finding to the lab (needs redhanded.toml).")
]


ConfirmFor = Annotated[
    float | None,
    typer.Option(
        "--confirm-for",
        metavar="SECONDS",
        min=1,
        help="With --confirm: no finding is begun after that; ten minutes without it.",
    ),
]
OnlyConfirmed = Annotated[
    bool,
    typer.Option("--only-confirmed", help="Leave out what --confirm did not make happen."),
]


def command(
    paths: Paths = None,
    rule: Rules = None,
    fail_on: FailOn = None,
    all: All = False,
    explain: Explain = False,
    baseline: Baseline = None,
    write_baseline: WriteBaseline = None,
    changed_since: ChangedSince = None,
    no_cache: NoCache = False,
    packages: Packages = True,
    packages_in: PackagesIn = None,
    package: Package = None,
    confirm: Confirm = False,
    confirm_for: ConfirmFor = None,
    only_confirmed: OnlyConfirmed = False,
    output: Output = None,
    format: FormatOption = ScanFormat.HUMAN,
    no_color: NoColor = False,
) -> int:
    from redhanded.case.errors import UsageError
    from redhanded.case.scan import ScanRequest

    if output is not None and format is ScanFormat.HUMAN:
        raise UsageError("--output needs a --format for the file: json, sarif, github or junit")
    goes_on = confirm or baseline is not None or write_baseline is not None or changed_since
    _check_packages(package, packages_in, goes_on=bool(goes_on))
    request = ScanRequest(
        paths=tuple(paths or ()),
        rules=tuple(rule or ()),
        fail_on=_score(fail_on),
        never_fails=fail_on == "none",
        shows_all=all,
        baseline=baseline,
        write_baseline=write_baseline,
        changed_since=changed_since,
        keeps=not no_cache,
        confirms=confirm,
        confirms_for_s=confirm_for,
        only_confirmed=only_confirmed,
        follows_packages=packages,
        packages_in=packages_in,
        packages=tuple(package or ()),
    )
    found = _found(request, no_color=no_color)
    if output is not None:
        _write(output, _document(format, found))
    elif format is not ScanFormat.HUMAN:
        sys.stdout.write(_document(format, found))
        sys.stdout.flush()
    if format is ScanFormat.HUMAN or output is not None:
        from redhanded.cli.options import Format
        from redhanded.cli.scan_screen import show
        from redhanded.cli.terminal import console_for

        show(console_for(Format.HUMAN, no_color=no_color), found, explained=explain)
    return 1 if found.fails else 0


def _found(request: ScanRequest, *, no_color: bool) -> Scan:
    """What the scan finds. The program ends soon after it."""
    with collected_rarely():
        from redhanded.actions.scanning import scan
        from redhanded.cli.terminal import reading

        with reading(no_color=no_color) as say:
            found = scan(request, say)
        gc.freeze()  # what is there now is not looked through once more at the end
    return found


def _check_packages(package: list[str] | None, packages_in: Path | None, *, goes_on: bool) -> None:
    from redhanded.case.errors import UsageError

    if package and goes_on:
        raise UsageError(
            "--package looks at packages alone, so it does not go with --confirm, --baseline, "
            "--write-baseline or --changed-since"
        )
    if packages_in is not None and not packages_in.is_dir():
        raise UsageError(f"--packages-in {packages_in} is no folder; name one with packages in it")


def _write(output: Path, document: str) -> None:
    from redhanded.case.errors import InputError

    try:
        output.write_text(document, encoding="utf-8")
    except OSError as error:
        raise InputError(f"{output} cannot be written: {error.strerror}") from None


def _score(given: str | None) -> float | None:
    from redhanded.case.errors import UsageError

    if given is None or given == "none":
        return None
    try:
        score = float(given)
    except ValueError:
        score = -1.0
    if not 0.0 <= score <= 1.0:
        raise UsageError(f"--fail-on {given} is no score; give a number from 0 to 1, or none")
    return score


def _document(format: ScanFormat, found: object) -> str:
    from redhanded.case.scan import Scan

    assert isinstance(found, Scan)
    if format is ScanFormat.SARIF:
        from redhanded.report import sarif

        return sarif.sarif(found).decode()
    if format is ScanFormat.JUNIT:
        from redhanded.report import junit

        return junit.junit(found).decode()
    if format is ScanFormat.GITHUB:
        from redhanded.report import github

        return "".join(f"{line}\n" for line in github.commands(found))
    from redhanded.case import document
    from redhanded.case.inert import inert_json

    return inert_json(document.encode(found)).decode() + "\n"
