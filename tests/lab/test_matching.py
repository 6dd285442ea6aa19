"""What a name of a schedule means in a program that sends other operations now."""

from __future__ import annotations

from dataclasses import replace

import pytest
from made import candidate, name, operation, step

from redhanded.case.operation import Mark, Operation, OperationName
from redhanded.case.schedule import Constraint, Schedule
from redhanded.lab.explorers.follow import Follow
from redhanded.lab.matching import meaning, means
from redhanded.lab.repertoire import Repertoire

LOOK = "SELECT id FROM seats WHERE code = ?"
COUNT = "SELECT count(*) FROM seats"
PRICE = "SELECT price FROM seats WHERE code = ?"
TAKE = "INSERT INTO seats (code) VALUES (?)"


def run(*statements: str, task: int = 1, kinds: str = "") -> tuple[Operation, ...]:
    """The operations of a delivery that sends these statements one after the other."""
    done = [operation(0, name(task, "POST"))]
    open_ = False
    for index, statement in enumerate(statements, 1):
        kind = statement.split()[0] if not statement.endswith("COMMIT") else "COMMIT"
        open_ = kind == "BEGIN" or (open_ and kind != "COMMIT")
        target = "" if kind == "BEGIN" else statement.split(" FROM ")[-1].split()[0]
        named = name(task, kind, target if " FROM " in statement else "seats")
        count = sum(replace(each.name, occurrence=1) == named for each in done)
        same = sum(each.name.mark is not None and each.text == statement for each in done)
        mark = Mark(
            statement=statement, repetition=same + 1, uncommitted=open_ and kind not in NO_WRITES
        )
        called = replace(named, occurrence=count + 1, mark=mark)
        done.append(replace(operation(index, called, parent=index - 1), text=statement))
    return tuple(done)


NO_WRITES = {"BEGIN", "SELECT", "COMMIT"}


def program(*statements: str) -> Repertoire:
    """What a program sends that sends these for a delivery."""
    repertoire = Repertoire()
    repertoire.saw(run(*statements), serial=True)
    return repertoire


def wanted(place: int, *statements: str) -> OperationName:
    """The name of one of the operations, as a schedule holds it."""
    return Repertoire().saw(run(*statements), serial=True)[place].name


def found(called: OperationName, *statements: str) -> OperationName | None:
    """What it means in another program; nothing of that is guessed."""
    meant = meaning(called, program(*statements))
    assert not meant.unclear
    return meant.name


def said(called: OperationName | None) -> tuple[str, int]:
    assert called is not None and called.mark is not None
    return called.mark.statement, called.mark.repetition


def test_a_run_says_what_caused_an_operation_and_how_often_it_was_sent() -> None:
    marks = [each.name.mark for each in Repertoire().saw(run(LOOK, TAKE, LOOK), serial=True)]
    assert marks[0] is None and all(mark and mark.usual for mark in marks[1:])
    assert [mark.cause for mark in marks if mark] == [
        "outside POST seats",
        "web SELECT seats",
        "web INSERT seats",
    ]
    assert [(mark.repetition, mark.repetitions) for mark in marks if mark] == [
        (1, 2),
        (1, 1),
        (2, 2),
    ]


def test_on_the_same_program_each_name_means_itself() -> None:
    statements = (LOOK, COUNT, LOOK, TAKE)
    repertoire = program(*statements)
    for place in range(1, 5):
        called = wanted(place, *statements)
        meant = meaning(called, repertoire)
        assert meant.name == called and means(meant.name, called) and not meant.unclear


def test_an_added_statement_on_the_same_table_is_passed_over() -> None:
    called = wanted(1, LOOK, TAKE)
    assert said(found(called, COUNT, PRICE, LOOK, TAKE)) == (LOOK, 1)


def test_a_new_column_is_no_other_statement() -> None:
    more = "SELECT id, deleted FROM seats WHERE code = ?"
    assert said(found(wanted(1, LOOK), COUNT, more)) == (more, 1)


def test_another_statement_in_its_place_is_not_it() -> None:
    meant = meaning(wanted(1, LOOK), program(COUNT))
    assert meant.name is None and meant.instead == COUNT


def test_a_read_that_locks_is_still_that_read() -> None:
    locking = run(f"{LOOK} FOR UPDATE")
    written = replace(locking[1], name=replace(locking[1].name, access="write"))
    repertoire = Repertoire()
    repertoire.saw((locking[0], written), serial=True)
    meant = meaning(wanted(1, LOOK), repertoire).name
    assert meant is not None and meant.access == "write"


def test_more_repetitions_than_there_were_are_told_apart_by_cause_and_said() -> None:
    called = wanted(3, TAKE, PRICE, LOOK)
    meant = meaning(called, program(LOOK, TAKE, PRICE, LOOK))
    assert said(meant.name) == (LOOK, 2)
    assert meant.unclear == (
        "delivery 1: web SELECT seats #2: sent 2 times where it was sent once when the order was "
        "found; number 2 is taken."
    )


def test_where_the_cause_does_not_tell_the_earlier_is_taken_and_said() -> None:
    meant = meaning(wanted(2, TAKE, LOOK), program(COUNT, LOOK, LOOK))
    assert said(meant.name) == (LOOK, 1) and "number 1 is taken" in meant.unclear


def test_of_two_that_are_equally_like_it_the_first_is_taken_and_said() -> None:
    one, other = LOOK.replace("id", "id, a"), LOOK.replace("id", "id, b")
    meant = meaning(wanted(2, TAKE, LOOK), program(one, other))
    assert said(meant.name) == (one, 1)
    assert meant.unclear.endswith("2 statements are equally like it; the first is taken.")


def test_what_repeats_in_a_failing_order_alone_is_not_mistaken_for_the_first() -> None:
    repertoire = program(LOOK, TAKE)
    failing = repertoire.saw(run(LOOK, TAKE, LOOK), serial=False)
    meant = meaning(failing[3].name, program(LOOK, TAKE))
    assert said(meant.name) == (LOOK, 2) and not meant.unclear


def test_what_no_serial_run_sends_is_not_taken_for_what_is_like_it() -> None:
    repertoire = program(LOOK)
    called = repertoire.saw(run(LOOK, PRICE), serial=False)[2].name
    assert meaning(called, program(LOOK)).name is None
    explorer = Follow(Schedule(constraints=(Constraint(before=called, after=TAKEN),)), repertoire)
    assert explorer.followed([called, TAKEN]).following == "followed"
    assert explorer.followed([wanted(1, LOOK), TAKEN]).following == "infeasible"


TAKEN = run(TAKE)[1].name
COMMITTED = f"{TAKE}; COMMIT"


@pytest.mark.parametrize(
    ("before", "place", "after", "meant"),
    [
        ((TAKE,), 1, ("BEGIN", TAKE, COMMITTED), COMMITTED),
        (("BEGIN", TAKE, COMMITTED), 3, (TAKE,), TAKE),
        (("BEGIN", TAKE, COMMITTED), 2, (TAKE,), TAKE),
        (
            ("BEGIN", TAKE, COMMITTED),
            3,
            ("BEGIN", COMMITTED.replace("code", "name"), "BEGIN", TAKE, COMMITTED),
            COMMITTED,
        ),
        (
            ("BEGIN", TAKE, COMMITTED),
            3,
            ("BEGIN", TAKE, f"INSERT INTO notes (a) VALUES (?); {COMMITTED}"),
            f"INSERT INTO notes (a) VALUES (?); {COMMITTED}",
        ),
    ],
)
def test_a_write_means_where_others_see_it(
    before: tuple[str, ...], place: int, after: tuple[str, ...], meant: str
) -> None:
    assert said(found(wanted(place, *before), *after)) == (meant, 1)


def test_a_second_delivery_may_do_what_the_first_does_alone() -> None:
    repertoire = program(COUNT, TAKE)
    repertoire.saw(run(COUNT, task=2), serial=True)
    called = replace(wanted(1, TAKE), task="delivery 2")
    meant = meaning(called, repertoire).name
    assert meant is not None and meant.task == "delivery 2" and said(meant) == (TAKE, 1)


def test_a_process_of_another_name_is_said() -> None:
    called = replace(wanted(1, LOOK), role="shop")
    meant = meaning(called, program(LOOK))
    assert meant.name is not None and meant.name.role == "web"
    assert meant.unclear == "delivery 1: shop SELECT seats: no shop any more; web is taken."


def redis(kind: str, title: str = "", nth: int = 1) -> OperationName:
    mark = Mark(statement=f"{kind} {title}".strip(), usual=True, repetitions=1)
    key = replace(name(1, kind, "stock", nth=nth), protocol="redis", access="write")
    return replace(key, mark=mark)


def test_a_script_is_found_by_its_title_though_its_digest_is_another() -> None:
    repertoire = Repertoire()
    sent = [redis("EVALSHA bb", "Puts back"), redis("EVALSHA cc", "Takes one"), redis("GET")]
    repertoire.saw([operation(place, each) for place, each in enumerate(sent)], serial=True)
    assert meaning(redis("EVALSHA aa", "Takes one"), repertoire).name == sent[1]
    assert meaning(redis("EVALSHA aa", "Counts"), repertoire).name is None


def test_a_command_more_on_the_same_key_is_said() -> None:
    repertoire = Repertoire()
    sent = [redis("GET"), redis("GET", nth=2)]
    repertoire.saw([operation(place, each) for place, each in enumerate(sent)], serial=True)
    meant = meaning(redis("GET"), repertoire)
    assert meant.name == sent[0] and "sent 2 times where it was sent once" in meant.unclear


def test_a_name_without_a_mark_means_itself_if_the_program_uses_it() -> None:
    """As in schedules that were saved before names had marks."""
    called = replace(wanted(2, COUNT, LOOK), mark=None)
    meant = meaning(called, program(COUNT, LOOK))
    assert meant.name == called
    assert meaning(called, program(COUNT)).name is None


def test_a_delivery_is_itself_whatever_its_path_is_called() -> None:
    old = name(1, "POST", "/old")
    assert meaning(old, program(LOOK)).name == name(1, "POST")


def test_what_is_unclear_is_said_by_the_run() -> None:
    called = wanted(2, TAKE, LOOK)
    schedule = Schedule(constraints=(Constraint(before=called, after=TAKEN),))
    explorer = Follow(schedule, program(COUNT, LOOK, LOOK, TAKE))
    first, second = (each.name for each in run(COUNT, LOOK, LOOK, TAKE)[2:4])
    assert explorer.choose(step(candidate(TAKEN))) is None
    assert explorer.choose(step(candidate(TAKEN), answered=[first])) == 0
    followed = explorer.followed([first, second, TAKEN])
    assert followed.following == "followed"
    assert any("number 1 is taken" in sentence for sentence in followed.unclear)
    assert explorer.followed([second, TAKEN]).following == "infeasible"
