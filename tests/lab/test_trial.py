"""Controlled trials of a small system with a queue: what the lab promises of every system."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from small_systems import lay_out, request, tickets

from redhanded.case.evidence import Location
from redhanded.case.operation import Operation, OperationName
from redhanded.case.run import Run
from redhanded.case.schedule import Constraint, Schedule
from redhanded.case.system import Delivery, SymptomPattern
from redhanded.lab import Lab, open_lab
from redhanded.lab.explorers import Step, Straight
from redhanded.lab.explorers.follow import Follow
from redhanded.lab.natural import run_naturally, run_until_failure
from redhanded.lab.predict import predict
from redhanded.lab.shrink import flip, shrink
from redhanded.lab.trial import names_of


@pytest.fixture(scope="module", params=["bull", "bullmq"])
def lab(
    request: pytest.FixtureRequest, node_packages: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Lab]:
    folder = tmp_path_factory.mktemp(request.param)
    root = lay_out("tickets", folder, node_packages)
    with open_lab(tickets(root, request.param), folder=folder / "lab") as opened:
        yield opened


@pytest.fixture
def views(lab: Lab) -> Iterator[Lab]:
    """The lab with a workload that loses updates: read, then write what was read plus one."""
    yield from workload(lab, request("/views", {"page": "front"}))


@pytest.fixture
def locked_views(lab: Lab) -> Iterator[Lab]:
    """The same under a row lock."""
    yield from workload(lab, request("/locked-views", {"page": "front"}))


def workload(lab: Lab, *entries: Delivery) -> Iterator[Lab]:
    before = lab.system
    lab.system = replace(before, workload=entries)
    yield lab
    lab.system = before


def early_look(lab: Lab) -> Schedule:
    """The second delivery looks for a ticket before the first one's job has inserted it."""
    serial = lab.serial()
    look = find(serial, "delivery 2", "SELECT", "tickets").name
    insert = find(serial, "delivery 1", "INSERT", "tickets").name
    return Schedule(constraints=(Constraint(before=look, after=insert),), deliveries=2)


def find(run: Run, task: str, kind: str, target: str) -> Operation:
    """The operation of that name."""
    return next(
        operation
        for operation in run.operations
        if (operation.name.task, operation.name.kind, operation.name.target) == (task, kind, target)
    )


def chain(run: Run, operation: Operation) -> list[str]:
    """Roles and kinds from ``operation`` back to the delivery that caused it."""
    steps = [f"{operation.name.role} {operation.name.kind.split()[0]}"]
    while operation.parent is not None:
        operation = run.operations[operation.parent]
        steps.append(f"{operation.name.role} {operation.name.kind.split()[0]}")
    return steps


def value(lab: Lab, query: str) -> object:
    admin = lab.running.servers["db"].admin
    assert admin is not None
    row = admin.execute(query.encode()).fetchone()
    return row[0] if row else None


def test_a_serial_run_repeats_itself(lab: Lab) -> None:
    runs = [lab.serial() for _ in range(5)]
    assert not any(run.failed for run in runs)
    assert {run.answers for run in runs} == {(202, 200)}
    assert all(run.quiescent and not run.egress for run in runs)
    first = names_of(runs[0])
    assert len(first) > 6
    assert [names_of(run) for run in runs] == [first] * 5


def test_a_serial_run_ends_one_delivery_before_it_begins_the_next(lab: Lab) -> None:
    tasks = [name.task for name in names_of(lab.serial())]
    assert tasks == sorted(tasks) and set(tasks) == {"delivery 1", "delivery 2"}


def test_causes_lead_from_the_insert_through_the_queue_to_the_request(lab: Lab) -> None:
    run = lab.serial()
    steps = chain(run, find(run, "delivery 1", "INSERT", "tickets"))
    assert steps[0] == "printer INSERT"
    assert steps[-3:] == ["web EVALSHA", "web SELECT", "outside POST"]
    assert any(step in ("printer BRPOPLPUSH", "printer BZPOPMIN") for step in steps[1:-3])


def test_operations_know_their_source_line(lab: Lab) -> None:
    run = lab.serial()
    for task, kind, text in (
        ("delivery 1", "INSERT", "INSERT INTO tickets"),
        ("delivery 2", "SELECT", "SELECT id FROM tickets"),
    ):
        location = find(run, task, kind, "tickets").location
        assert location is not None and location.path == "store.js"
        lines = (Path(lab.system.root) / location.path).read_text().splitlines()
        assert text in lines[location.line - 1]


def test_the_forced_order_fails_every_time_and_the_flipped_one_never(lab: Lab) -> None:
    schedule = early_look(lab)
    replays = [lab.follow(schedule) for _ in range(20)]
    assert [run.failed for run in replays] == [True] * 20
    assert {run.followed.following for run in replays} == {"followed"}
    assert {failure.constraint for run in replays for failure in run.failures} == {
        "one_ticket_per_holder"
    }
    assert {failure.code for run in replays for failure in run.failures} == {"23505"}
    other_way, dropped = flip(schedule, 0)
    counterfactual = [lab.follow(other_way) for _ in range(10)]
    assert [run.failed for run in counterfactual] == [False] * 10
    assert {run.followed.following for run in counterfactual} == {"followed"}
    assert dropped == ()


def test_the_failure_points_at_the_operation_that_failed(lab: Lab) -> None:
    run = lab.follow(early_look(lab))
    (failure,) = run.failures
    assert failure.operation is not None
    failed = run.operations[failure.operation]
    assert (failed.name.kind, failed.name.target) == ("INSERT", "tickets")
    assert failed.failure is not None and failed.failure.constraint == "one_ticket_per_holder"


def test_the_prediction_from_a_serial_run_holds_within_three_trials(lab: Lab) -> None:
    predictions = predict(lab.serial(), tables={"tickets"}, deliveries=2)
    outcomes = [lab.follow(prediction.schedule).failed for prediction in predictions[:3]]
    assert any(outcomes)


def test_shrinking_leaves_only_what_is_needed(lab: Lab) -> None:
    needed = early_look(lab)
    serial = lab.serial()
    delivery = find(serial, "delivery 1", "POST", "/claims").name
    spare = Constraint(before=delivery, after=find(serial, "delivery 2", "SELECT", "tickets").name)
    padded = replace(needed, constraints=(spare, *needed.constraints), deliveries=3)
    smallest, runs = shrink(padded, lab.follow)
    assert smallest == needed and runs > 3


def test_every_order_is_tried_and_trying_again_gives_the_same_count(lab: Lab) -> None:
    found = [lab.explore(deliveries=2, bound=1, limit=200) for _ in range(2)]
    assert all(exploration.exhausted and exploration.diverged == 0 for exploration in found)
    assert found[0].explored == found[1].explored > 3
    assert 0 < len(found[0].failing) == len(found[1].failing) < found[0].explored


def test_without_preemption_nothing_fails(lab: Lab) -> None:
    found = lab.explore(deliveries=2, bound=0, limit=200)
    assert found.exhausted
    assert all(run.preemptions == 0 for run in found.failing)


def test_what_was_offered_is_what_was_done(lab: Lab) -> None:
    """The names that an explorer chooses by are those that the run shows."""
    schedule = early_look(lab)
    for explorer in (Straight(), Follow(schedule), Last()):
        played = lab.play(explorer, 2)
        offered = [taken.step.candidates[taken.chosen].name for taken in played.trace]
        done = {operation.index: operation.name for operation in played.run.operations}
        assert [done.get(taken.index) for taken in played.trace] == offered


class Last:
    """Takes the last candidate each time."""

    def choose(self, step: Step) -> int | None:
        return len(step.candidates) - 1

    def give_up(self, step: Step) -> int:
        return self.choose(step) or 0


def test_a_pick_up_can_be_ordered_too(lab: Lab) -> None:
    """A consumer that waits at the queue is held like everything else."""
    serial = lab.serial()
    pick_up = next(
        operation.name
        for operation in serial.operations
        if operation.name.kind in ("BRPOPLPUSH", "BZPOPMIN")
    )
    look = find(serial, "delivery 2", "SELECT", "tickets").name
    run = lab.follow(Schedule(constraints=(Constraint(before=look, after=pick_up),), deliveries=2))
    assert run.followed.following == "followed"
    assert run.failed
    names = names_of(run)
    assert names.index(look) < names.index(pick_up)


def test_an_operation_that_never_comes_is_infeasible_and_named(lab: Lab) -> None:
    serial = lab.serial()
    look = find(serial, "delivery 2", "SELECT", "tickets").name
    nowhere = replace(look, kind="DELETE", access="write")
    schedule = Schedule(constraints=(Constraint(before=nowhere, after=look),), deliveries=2)
    run = lab.follow(schedule)
    assert run.followed.following == "infeasible"
    assert run.followed.missed == schedule.constraints
    assert "DELETE tickets" in run.followed.why


def test_lost_updates_are_found_by_an_invariant(views: Lab) -> None:
    found = views.explore(deliveries=2, bound=1, limit=50, on_run=None)
    assert found.exhausted and not found.failing
    serial = views.serial()
    assert value(views, "SELECT views FROM pages WHERE name = 'front'") == 2
    second = find(serial, "delivery 2", "SELECT", "pages").name
    first = find(serial, "delivery 1", "UPDATE", "pages").name
    run = views.follow(
        Schedule(constraints=(Constraint(before=second, after=first),), deliveries=2)
    )
    assert run.followed.following == "followed"
    assert value(views, "SELECT views FROM pages WHERE name = 'front'") == 1


def test_a_statement_that_waits_for_a_lock_is_recognised(locked_views: Lab) -> None:
    serial = locked_views.serial()
    assert not any(operation.waited_for_lock for operation in serial.operations)
    second = find(serial, "delivery 2", "BEGIN", "").name
    commit = find(serial, "delivery 1", "COMMIT", "pages").name
    run = locked_views.play(Hold(second, commit), 2).run
    assert run.quiescent and run.answers == (204, 204)
    (waited,) = [operation for operation in run.operations if operation.waited_for_lock]
    assert waited.name.task == "delivery 2" and waited.name.kind == "SELECT"
    names = names_of(run)
    assert names.index(waited.name) < names.index(commit)
    assert value(locked_views, "SELECT views FROM pages WHERE name = 'front'") == 2


class Hold:
    """Keeps ``held`` until nothing else can go, once ``first`` is there to go."""

    def __init__(self, first: OperationName, held: OperationName) -> None:
        self.first = first
        self.held = held

    def choose(self, step: Step) -> int | None:
        candidates = step.candidates
        names = [candidate.name for candidate in candidates]
        free = [place for place, name in enumerate(names) if name != self.held]
        if self.held in names and free:
            return free[0]
        return 0

    def give_up(self, step: Step) -> int:
        return self.choose(step) or 0


def test_no_order_of_locked_updates_is_lost_or_stuck(locked_views: Lab) -> None:
    """Under the lock all orders end with both updates."""
    ends: list[object] = []

    def on_run(_number: int, run: Run) -> bool:
        assert run.quiescent and run.answers == (204, 204)
        ends.append(value(locked_views, "SELECT views FROM pages WHERE name = 'front'"))
        return True

    found = locked_views.explore(deliveries=2, bound=2, limit=300, on_run=on_run)
    assert found.exhausted and found.explored == len(ends) > 2
    assert set(ends) == {2}


def test_rows_sequences_and_keys_are_put_back(lab: Lab) -> None:
    lab.reset()
    before = state(lab)
    lab.follow(early_look(lab))
    assert state(lab) != before
    lab.reset()
    assert state(lab) == before


def state(lab: Lab) -> tuple[object, ...]:
    client = lab.running.servers["queue"].client
    keys = {key: client.dump(key) for key in client.keys("*")}
    return (
        value(lab, "SELECT string_agg(t::text, ',' ORDER BY id) FROM tickets t"),
        value(lab, "SELECT string_agg(p::text, ',' ORDER BY name) FROM pages p"),
        value(lab, "SELECT last_value || ':' || is_called FROM tickets_id_seq"),
        keys,
    )


def test_changed_and_deleted_rows_and_keys_are_put_back(lab: Lab) -> None:
    lab.reset()
    before = state(lab)
    server = lab.running.servers["db"]
    assert server.admin is not None
    server.admin.execute("DELETE FROM tickets WHERE holder = 'first'")
    server.admin.execute("UPDATE pages SET views = 7")
    server.admin.execute("SELECT setval('tickets_id_seq', 900)")
    lab.running.servers["queue"].client.set("left", "over")
    lab.reset()
    assert state(lab) == before


def test_natural_runs_count_trials_that_fail_and_not_lines(lab: Lab) -> None:
    result = run_naturally(
        lab, name="simultaneous", trials=12, gaps_ms=[0.0], per_second=None, seed=3
    )
    assert result.trials == 12 and 0 < result.failures <= 12
    assert "0 ms apart" in result.how and "one after the other" in result.how
    apart = run_naturally(lab, name="log", trials=4, gaps_ms=[150.0], per_second=None, seed=4)
    assert apart.failures == 0
    assert not lab.serial().failed


def test_after_natural_runs_control_is_as_good_as_before(lab: Lab) -> None:
    before = names_of(lab.serial())
    run_naturally(lab, name="log", trials=3, gaps_ms=[0.0], per_second=40.0, seed=5)
    assert names_of(lab.serial()) == before
    assert lab.follow(early_look(lab)).failed


def test_late_messages_race_and_leave_control_as_it_was(lab: Lab) -> None:
    before = names_of(lab.serial())
    late = run_until_failure(
        lab, name="late", trials=60, seconds=30.0, gaps_ms=[0.0], seed=6, late_ms=10.0
    )
    assert late.failures == 1 and "duplicate key" in late.sample
    assert names_of(lab.serial()) == before
    assert lab.follow(early_look(lab)).failed


def test_tracers_are_silent_in_natural_runs_and_know_the_same_lines_afterwards(lab: Lab) -> None:
    before = lines(lab.serial())
    tracer, told = lab.running.tracer, b""

    def feed(data: bytes) -> None:
        nonlocal told
        told += data
        type(tracer).feed(tracer, data)

    tracer.feed = feed  # type: ignore[method-assign]
    try:
        run_naturally(lab, name="silent", trials=3, gaps_ms=[0.0], per_second=None, seed=6)
        lab.running.read_trace()
    finally:
        del tracer.feed
    assert all(b'"at":0,' in line and b'"stack":[]' in line for line in told.splitlines())
    assert any(before) and lines(lab.serial()) == before


def lines(run: Run) -> list[tuple[Location, ...]]:
    return [each.stack for each in run.operations if not each.ambient]


def test_what_comes_at_the_same_instant_is_connected_before_anything_is_sent(lab: Lab) -> None:
    lab.reset()
    lab.running.traffic.forward_all()
    one, other = lab.plan("together", 2)
    for each in (one, other):
        each.get_ready()
        assert each.connected is not None and not each.connected.raw
    begun = [each.begin() for each in (one, other)]
    assert [one.connected, other.connected] == [None, None]
    while not all(each.ended for each in begun):
        lab.running.pump.turn(0.01)
    # Whether the second is taken for new depends on how long the first one takes.
    assert begun[0].status == 202 and begun[1].status in (200, 202)
    # Their jobs were not waited for: new processes know nothing of them.
    lab.restart()


def test_an_sqlstate_is_a_symptom_too(lab: Lab) -> None:
    schedule = early_look(lab)
    symptom, lab.symptom = lab.symptom, SymptomPattern(sqlstate="23505")
    lab.stage.symptom = lab.symptom
    try:
        (failure,) = lab.follow(schedule).failures
        assert failure.constraint == "one_ticket_per_holder" and failure.kind == "symptom"
        assert not lab.serial().failed
    finally:
        lab.symptom = lab.stage.symptom = symptom


def test_values_of_a_trial_are_new_each_time(lab: Lab) -> None:
    texts = [find(lab.serial(), "delivery 1", "POST", "/claims").text for _ in range(3)]
    assert len(set(texts)) == 3


def test_a_job_that_is_dropped_as_a_duplicate_cannot_be_ordered(
    node_packages: Path, tmp_path: Path
) -> None:
    """With a job identifier there is no second job: the old schedule is infeasible, not passed."""
    root = lay_out("tickets", tmp_path, node_packages)
    with open_lab(tickets(root, "bull"), folder=tmp_path / "before") as lab:
        schedule = early_look(lab)
        failing = lab.follow(schedule)
        second_insert = find(failing, "delivery 2", "INSERT", "tickets").name
        demanded = replace(
            schedule,
            constraints=(
                *schedule.constraints,
                Constraint(before=schedule.constraints[0].after, after=second_insert),
            ),
        )
        assert lab.follow(demanded).failed
    with open_lab(tickets(root, "bull", once=True), folder=tmp_path / "after") as lab:
        run = lab.follow(demanded)
        assert not run.failed
        assert run.followed.following == "infeasible"
        assert run.followed.missed == (demanded.constraints[1],)
        assert "delivery 2: printer INSERT tickets" in run.followed.why
        found = lab.explore(deliveries=2, bound=2, limit=300)
        assert found.exhausted and not found.failing
