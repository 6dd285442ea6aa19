"""Rows that are looked for and then added, and what keeps two runs from adding two."""

from __future__ import annotations

from dataclasses import replace

import pytest
from made_paths import asked, compare, effect, event, guard, held, path, reading, within

from redhanded.case.evidence import Location
from redhanded.case.finding import Finding
from redhanded.hunt.suspect.rules import check_then_create as rule
from redhanded.hunt.suspect.rules.rule import Reading
from redhanded.source.flow.effects import Effect
from redhanded.source.flow.events import Catcher, Event, Guard, Path
from redhanded.source.flow.schema import Table, Unique
from redhanded.source.flow.values import Computed, Input, Known, Result, Unknown, Value

EMAIL = {"email": asked("email")}
PLACE = Location(path="db/001.sql", line=3)
ID = Unique(columns=("id",), said=("migration",), location=PLACE, is_primary=True)
PLAIN = Table(name="readers", uniques=(ID,), location=PLACE)
FOUND = Result(0)
NOT = Computed("not", (FOUND,))


def holding(*columns: str, where: str = "") -> Table:
    """The table with a unique index."""
    one = Unique(columns=columns, said=("migration",), location=PLACE, where=where)
    return replace(PLAIN, uniques=(ID, one))


def read(number: int = 0, **known: object) -> Event:
    known.setdefault("where", EMAIL)
    of = {name: known.pop(name) for name in list(known) if name in Effect.__dataclass_fields__}
    return event(number, effect("read", "readers", **of), **known)


def insert(number: int = 1, test: Value = FOUND, holds: bool = False, **known: object) -> Event:
    known.setdefault("values", EMAIL)
    known.setdefault("guards", (guard(test, holds),))
    of = {name: known.pop(name) for name in list(known) if name in Effect.__dataclass_fields__}
    return event(number, effect("insert", "readers", **of), **known)


def found(one: Reading) -> list[Finding]:
    return [each for each in rule.look(one) if each.score >= rule.threshold]


def of(*events: Event, table: Table = PLAIN, **known: str) -> list[Finding]:
    return found(reading(path(*events, **known), tables=(table,)))


@pytest.mark.parametrize(
    ("test", "holds"),
    [
        (Result(0), False),
        (Computed("not", (Result(0),)), True),
        (Computed("==", (Result(0), Known(None))), True),
        (Computed("!=", (Known(None), Result(0))), False),
        (compare(">", Result(0, ("rows", "length")), 0), False),
        (compare("==", Result(0, ("rowCount",)), 0), True),
        (compare("<", Computed("call:len", (Result(0),)), 1), True),
        (Computed("and", (asked("terms"), NOT)), True),
        (Computed("raised", (Known("Reader.DoesNotExist"), Result(0))), True),
        (Computed("raised", (Known("NoResultFound"), Result(0))), True),
    ],
    ids=lambda one: str(one) if isinstance(one, bool) else None,
)
def test_added_if_there_is_none(test: Value, holds: bool) -> None:
    (one,) = of(read(), insert(test=test, holds=holds))
    assert one.location.line == 11
    assert one.subject == "readers"
    assert "email" in one.message and "shop/till.py:10" in one.message
    assert [each.location.line for each in one.steps] == [10, 10, 11, 11]


@pytest.mark.parametrize(
    ("test", "holds"),
    [
        (Result(0), True),
        (Computed("==", (Result(0, ("state",)), Known("open"))), True),
        (compare(">=", Result(0, ("0", "count")), 5), False),
        (Computed("raised", (Known("IntegrityError"), Result(0))), True),
    ],
    ids=["there", "its state", "a quota", "another error"],
)
def test_other_conditions(test: Value, holds: bool) -> None:
    assert of(read(), insert(test=test, holds=holds)) == []


def test_an_update_that_changed_no_row_is_a_look() -> None:
    update = event(0, effect("update", "readers", where=EMAIL, values={"seen": Known(True)}))
    assert of(update, insert(test=compare("==", Result(0), 0), holds=True))


def test_insert_where_not_exists_is_two_steps() -> None:
    one = insert(guards=(), options={"unless_exists": Known("readers")})
    assert of(event(0, None), one)


@pytest.mark.parametrize(
    "table",
    [
        holding("email", where="deleted_at IS NULL"),
        replace(PLAIN, name="authors"),
    ],
    ids=["unique for rows not deleted", "table not known"],
)
def test_what_the_database_refuses_or_is_not_known(table: Table) -> None:
    assert of(read(), insert(), table=table) == []


@pytest.mark.parametrize("columns", ["email", "lower(email)"])
def test_a_violation_that_nobody_answers_is_weaker_than_two_rows(columns: str) -> None:
    (one,) = rule.look(reading(path(read(), insert()), tables=(holding(columns),)))
    (two,) = rule.look(reading(path(read(), insert()), tables=(PLAIN,)))
    assert rule.threshold <= one.score < two.score
    assert "refused" in one.message


def test_a_violation_that_fails_a_job_or_leaves_something_behind() -> None:
    assert of(read(), insert(), table=holding("email"), kind="job", name="readers:add")
    sent = event(1, effect("send", "mail.example"))
    assert of(read(), sent, insert(2), table=holding("email"))


@pytest.mark.parametrize(
    "catcher",
    [
        Catcher(types=("IntegrityError",), tests=(), outcome="returns", location=PLACE),
        Catcher(types=("UniqueConstraintError",), tests=(), outcome="raises", location=PLACE),
        Catcher(
            types=("*",),
            tests=(Computed("==", (Unknown("error.code"), Known("23505"))),),
            outcome="raises",
            location=PLACE,
        ),
    ],
    ids=["returns", "raises another", "asks for the code"],
)
def test_a_violation_that_is_answered(catcher: Catcher) -> None:
    one = reading(path(read(), insert(catchers=(catcher,))), tables=(holding("email"),))
    assert list(rule.look(one)) == []


def test_a_unique_index_on_other_columns_leaves_the_race() -> None:
    assert of(read(), insert(), table=holding("card"))


def test_a_unique_index_on_what_follows_from_the_input() -> None:
    handle = Computed("call:slug", (asked("email"),))
    added = insert(values={**EMAIL, "handle": handle})
    assert of(read(), added, table=holding("handle")) == []


def test_a_transaction_does_not_help_unless_it_is_serializable() -> None:
    assert of(event(0, None), *within(0, read(1), insert(2, test=Result(1))))
    kept = within(0, read(1), insert(2, test=Result(1)), isolation="serializable")
    assert of(event(0, None), *kept) == []


@pytest.mark.parametrize(
    ("lock", "is_safe"),
    [
        (effect("acquire", "reader:*", options={"key": asked("email")}), True),
        (effect("acquire", "readers", options={"key": Known("readers")}), True),
        (effect("acquire", "readers", lock="table", store="database"), True),
        (effect("acquire", "mutex", store="process"), False),
        (effect("read", "libraries", lock="update", where={"id": asked("email")}), True),
    ],
    ids=["by its key", "one for all", "the table", "of one process", "a parent row"],
)
def test_locks(lock: Effect, is_safe: bool) -> None:
    one = event(0, lock)
    both = held(0, read(1), insert(2, test=Result(1)))
    assert (of(one, *both) == []) == is_safe


def test_a_lock_with_another_key_in_each_run() -> None:
    token = event(0, effect("identifier", store="other"))
    lock = event(1, effect("acquire", "x", options={"key": Result(0)}))
    assert of(token, lock, *held(1, read(2), insert(3, test=Result(2))))


def test_for_update_locks_nothing_where_there_is_none() -> None:
    begun = event(0, effect("begin"))
    looked, added = within(0, read(1, lock="update"), insert(2, test=Result(1)))
    assert of(begun, looked, replace(added, locks=(1,)))


def test_a_lease_is_as_good_as_a_lock() -> None:
    lease = event(0, effect("set", "r:*", only_if_absent=True, where={"key": asked("email")}))
    taken = guard(Result(0), True, line=11)
    looked = replace(read(1), guards=(taken,))
    added = insert(2, guards=(taken, guard(Result(1), False)))
    assert of(lease, looked, added) == []


def test_what_is_new_in_each_run() -> None:
    drawn = event(0, effect("identifier", store="other"))
    by = {"code": Result(0)}
    assert of(drawn, read(1, where=by), insert(2, test=Result(1), values=by)) == []
    made = event(0, effect("insert", "libraries"))
    by = {"library_id": Result(0, ("id",))}
    assert of(made, read(1, where=by), insert(2, test=Result(1), values=by)) == []


@pytest.mark.parametrize(
    "known",
    [{"kind": "command", "name": "import-readers"}, {"kind": "function", "name": "POST /admin/x"}],
    ids=["a command", "for few people"],
)
def test_what_somebody_starts(known: dict[str, str]) -> None:
    assert of(read(), insert(), **known) == []


@pytest.mark.parametrize(
    "file", ["prisma/seed.ts", "tests/readers.test.js", "app/migrations/0003_readers.py"]
)
def test_files_that_are_run_once(file: str) -> None:
    place = Location(path=file, line=4)
    assert of(read(), insert(location=place)) == []


def test_one_finding_for_two_ways_to_one_line() -> None:
    one, other = path(read(), insert()), path(read(), insert(), kind="job", name="import")
    (only,) = found(reading(one, other, tables=(PLAIN,)))
    assert only.location.line == 11


def test_a_look_at_another_table_is_another_matter() -> None:
    other = event(0, effect("read", "libraries", where=EMAIL))
    assert of(other, insert()) == []


def test_the_order_of_the_guards_does_not_matter() -> None:
    guards = (Guard(test=Input("request", ("x",)), holds=True, location=PLACE), guard(Result(0)))
    assert of(read(), insert(guards=guards))
    assert isinstance(path(read(), insert()), Path)


@pytest.mark.parametrize("name", ["ReaderImporter.handle", "seed_readers", "src/x.js:setupReaders"])
def test_functions_that_somebody_runs_by_hand(name: str) -> None:
    assert of(read(), insert(), kind="function", name=name) == []


@pytest.mark.parametrize("name", ["ReaderStore.keep", "important_readers", "x.js:reinstallments"])
def test_functions_that_nothing_calls(name: str) -> None:
    assert len(of(read(), insert(), kind="function", name=name)) == 1


@pytest.mark.parametrize(
    ("file", "is_shown"),
    [
        ("core/migration_helpers.py", False),
        ("db/data_migration.js", False),
        ("birds/migratory.py", True),
    ],
)
def test_files_named_like_migrations(file: str, is_shown: bool) -> None:
    at = Location(path=file, line=9, function="work")
    assert bool(of(read(), insert(location=at))) == is_shown
