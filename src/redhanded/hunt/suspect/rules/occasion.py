"""Who runs a path, and how likely two runs of it are about the same thing at the same time."""

from __future__ import annotations

import re
from dataclasses import replace

from redhanded.case.evidence import Location
from redhanded.hunt.suspect.rules.rule import Reading, Reason
from redhanded.source.flow.events import Event, Path

ONE_OFF = re.compile(
    r"(?:^|/)(?:seeds?|seeders?|fixtures?|factories|scripts?|examples?|demos?|benchmarks?|docs?"
    r"|management/commands)/"
    r"|(?:^|/)(?:migrations?|versions|alembic)/(?:.*/)?[^/]*\d{3,}[^/]*$"
    r"|(?:^|/)seed[^/]*\.\w+$"
    r"|(?:^|/)(?:\w+[_-])?(?:data[_-])?migrat(?:ions?|e|or)(?:[_-]\w+)?\.\w+$"
)
"""Places of files that are run by hand or once."""
TESTS = re.compile(
    r"(?:^|/)(?:tests?|__tests__|specs?|e2e|cypress|__mocks__|testing)/"
    r"|(?:^|/)(?:test_[^/]*|conftest|[^/]*_test)\.py$|\.(?:test|spec|stories)\.\w+$"
)
PACKAGE = re.compile(r"(?:node_modules|site-packages)/((?:@[^/]+/)?[^/]+)")
ADMIN = re.compile(r"\b_?(?:admin|backoffice|internal|debug|setup|install)\b", re.IGNORECASE)
BY_HAND = re.compile(
    r"(?:^|[._:/]|(?<=[a-z]))(?:[Ii]mport(?:er|s)?|[Ss]eed(?:er|s)?|[Ss]etup|[Ii]nstall(?:er)?"
    r"|[Bb]ootstrap|[Mm]igrat(?:e|or|ion)|[Bb]ackfill|[Ff]ixtures?|[Uu]pgrade)(?![a-z])"
)
"""Words of functions, and of their classes, that somebody runs by hand or a start-up runs once."""


def occasion(path: Path, event: Event) -> Reason:
    """The weight of what brings about two runs, from what the entry is.

    Sums with a base of at most 0.6: one that a person starts by hand stays below any threshold.
    """
    entry = path.entry
    if is_test(event.location) or is_test(entry.location):
        return Reason(weight=-1.0, says="only a test runs it", location=entry.location)
    package = package_of(entry.location)
    if package:
        says = f"whoever uses {package} runs {entry.name} side by side"
        return Reason(weight=0.1, says=says, location=entry.location)
    if is_one_off(event.location) or is_one_off(entry.location):
        return Reason(weight=-0.4, says="it is run by hand or once", location=entry.location)
    weight, says = _by_kind(path)
    if ADMIN.search(entry.name):
        weight, says = weight - 0.2, f"{says}, by few people at a time"
    return Reason(weight=weight, says=says, location=entry.location)


def package_of(location: Location) -> str:
    """The package that a place is in; empty for the program's own."""
    found = PACKAGE.match(location.path)
    return found[1] if found else ""


def _by_kind(path: Path) -> tuple[float, str]:
    entry = path.entry
    if entry.webhook:
        return 0.2, f"the sender of {entry.name} repeats what is not answered in time"
    if entry.kind == "route":
        if entry.name.upper().startswith(("GET ", "HEAD ", "OPTIONS ")):
            return 0.1, f"requests of {entry.name} run side by side"
        return 0.15, f"requests of {entry.name} run side by side, and clients send again"
    if entry.kind in ("job", "subscription"):
        return 0.15, f"workers take {entry.name} side by side, and what failed is taken again"
    if entry.kind == "schedule":
        return 0.0, f"{entry.name} runs side by side where a run outlasts the interval"
    if entry.kind == "command" and any(_takes_work(one) for one in path.events):
        return 0.15, f"workers like {entry.name} take work side by side"
    if entry.kind == "command":
        return -0.35, f"{entry.name} is a command that somebody starts"
    if BY_HAND.search(entry.name):
        return -0.2, f"nothing that was read calls {entry.name}, named like what is run by hand"
    return -0.05, f"nothing that was read calls {entry.name or 'this function'}"


def _takes_work(event: Event) -> bool:
    """Whether a script waits for work in a loop, as a worker does."""
    return event.effect is not None and event.effect.kind == "pop" and event.in_loop


def is_repeated(path: Path) -> bool:
    """Whether one event reaches this path more than once by the nature of who delivers it."""
    return bool(path.entry.webhook) or path.entry.kind in ("job", "subscription")


def is_one_off(location: Location) -> bool:
    """A file that is run by hand or once."""
    return bool(ONE_OFF.search(location.path))


DEBUGGING = re.compile(
    r"debug|\bNODE_ENV\b.*test|\btesting\b|fault_inject|\blocmem\b.*\bEMAIL|\bEMAIL.*\blocmem\b",
    re.IGNORECASE,
)
"""In conditions. Django's ``locmem`` back end of mail is the one that tests are given."""


def is_for_debugging(event: Event, reading: Reading) -> bool:
    """Whether an event happens only where a switch for debugging or tests is on."""
    if any(DEBUGGING.search(reading.text(one.location)) for one in event.guards if one.holds):
        return True
    before = replace(event.location, line=max(1, event.location.line - 1))
    return bool(re.match(r"\W*(?:el)?if\b.*debug", reading.text(before), re.IGNORECASE))


def is_test(location: Location) -> bool:
    """A file of tests."""
    return bool(TESTS.search(location.path))
