"""A case as a hunt leaves it, about a system that sells seats: a client sends its reservation
twice, the look for an existing seat happens in the API, the insert in a worker."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from redhanded.case.case import Case, Gate
from redhanded.case.codemap import CodeMap, CodePath, Commit, Hop
from redhanded.case.evidence import Evidence, Location
from redhanded.case.fix import Counted, Fix, FixPart, Proof, SubsetResult
from redhanded.case.hypothesis import Experiment, Hypothesis, RootLocation
from redhanded.case.operation import Access, Operation, OperationName, Protocol, WireFailure
from redhanded.case.reproduction import (
    Alternative,
    Counterfactual,
    NaturalRun,
    Reproduction,
    RootCause,
)
from redhanded.case.run import Failure, OutputLine, Run
from redhanded.case.schedule import Constraint, Schedule
from redhanded.case.symptom import Difference, Interval, Occurrence, Rate, Symptom

API = """const { Seat } = require('../models');
const { confirmations } = require('../queues');

async function reserve(req, res) {
  const taken = await Seat.findOne({ where: { holdId: req.body.holdId } });
  if (taken) return res.status(200).json({ seat: taken.reference });
  await confirmations.add('confirm', { holdId: req.body.holdId, row: req.body.row });
  return res.status(202).json({ queued: true });
}

module.exports = { reserve };
"""
WORKER = """const { assignSeat } = require('../domain/seating');

module.exports = async function confirm(job) {
  const { holdId, row } = job.data;
  const tariff = await fetchTariff(row);
  return assignSeat({ holdId, row, tariff });
};
"""
SEATING = """const { sequelize, Seat } = require('../models');

async function assignSeat({ holdId, row, tariff }) {
  return sequelize.transaction(async (transaction) => {
    const reference = `${row}-${holdId}`;
    const seat = await Seat.create({ holdId, row, reference, tariff }, { transaction });
    return seat;
  });
}

module.exports = { assignSeat };
"""


def lay_out(root: Path) -> None:
    """The three source files that the case points into."""
    for name, text in {
        "src/api/reserve.js": API,
        "src/jobs/confirm.js": WORKER,
        "src/domain/seating.js": SEATING,
    }.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)


def case(root: Path) -> Case:
    failing, passing = _run(_FAILING, failed=True), _run(_PASSING, failed=False)
    look, commit = _name_of(failing, 6), _name_of(failing, 14)
    constraint = Constraint(before=look, after=commit)
    taken_before_commit = Constraint(before=_name_of(failing, 7), after=commit)
    schedule = Schedule(constraints=(constraint,), deliveries=2)
    return Case(
        identifier="0003-seat-taken",
        target=str(root),
        outcome="CONFIRMED",
        summary="A reservation that arrives twice before the first is confirmed is queued twice.",
        symptom=_symptom(),
        code=_code(),
        natural=NaturalRun(
            name="log",
            trials=400,
            failures=1,
            seconds=31.2,
            how="two requests 38 ms apart, 4 at a time",
        ),
        simultaneous=NaturalRun(
            name="simultaneous",
            trials=200,
            failures=93,
            seconds=12.0,
            how="both at the same instant",
        ),
        hypotheses=_hypotheses(schedule),
        root_cause=RootCause(
            mechanism="missing-job-deduplication",
            title="The same reservation is queued twice",
            sentence="A second reservation that looks for a seat before the first job's COMMIT is "
            "queued again, and its job violates seat_assignments_reference_key.",
            locations=(
                RootLocation(
                    path="src/api/reserve.js",
                    line=7,
                    role="enqueue",
                    text="  await confirmations.add('confirm', { holdId: req.body.holdId, …",
                    function="reserve",
                ),
                RootLocation(path="src/api/reserve.js", line=5, role="look-up", function="reserve"),
                RootLocation(path="src/jobs/confirm.js", line=6, role="call", function="confirm"),
                RootLocation(path="src/domain/seating.js", line=6, role="create"),
                RootLocation(path="migrations/003-reference.sql", line=4, role="constraint"),
            ),
        ),
        reproduction=Reproduction(
            trials_to_first_failure=1,
            schedule=schedule,
            shrunk_from=4,
            replays=100,
            replays_failed=100,
            counterfactuals=(
                Counterfactual(
                    flipped=constraint, dropped=(taken_before_commit,), runs=20, failures=0
                ),
            ),
            alternatives=(
                Alternative(
                    question="Must two workers run at the same time?",
                    answer="No: with one job after the other the second still fails.",
                    necessary=False,
                    runs=20,
                    failures=20,
                ),
            ),
            same_error=True,
            constraint="seat_assignments_reference_key",
            run=failing,
            passing=passing,
            explored=37,
            exhausted=True,
            bound="2 deliveries, at most 2 preemptions",
            seconds_to_first_failure=0.41,
        ),
        fix=_fix(schedule),
        proof=Proof(
            before=Counted(runs=20, failed=20, sample="AssertionError: 4 of 5 jobs failed"),
            after=Counted(runs=50, failed=0),
            planted=Counted(runs=20, failed=20),
            planted_serial=Counted(runs=20, failed=0),
            own_tests=Counted(runs=1, failed=0, sample="34 passing"),
            explored=412,
            equivalent=2310,
            failures=0,
            exhausted=True,
            bound="2 deliveries, at most 2 preemptions",
            statement="No order of 2 deliveries with at most 2 preemptions fails on the fixed code "
            "(412 run, 2,310 equivalent to them). Not shown: three or more deliveries, clocks, a "
            "worker that is killed.",
            proven=True,
        ),
        gates=(
            Gate(
                number=1, name="hypothesis", decision="passed", by="ann", at="2026-03-02T02:58:11Z"
            ),
            Gate(
                number=2, name="root cause", decision="passed", by="ann", at="2026-03-02T03:02:40Z"
            ),
            Gate(number=3, name="diff", decision="passed", by="--yes", at="2026-03-02T03:02:41Z"),
        ),
        limits=("Clocks were not controlled.", "worker-2.log ends in the middle of a line."),
        timings_s={
            "observe": 0.8,
            "explore": 0.6,
            "suspect": 0.1,
            "reproduce": 62.5,
            "repair": 3.0,
        },
        seed=11,
        finished=("observe", "explore", "suspect", "reproduce", "repair", "prove"),
    )


Row = tuple[str, str, Protocol, str, str, str, Access, str | None, int | None, int | None]

_API, _JOB, _SEAT = "src/api/reserve.js", "src/jobs/confirm.js", "src/domain/seating.js"
_FIRST: dict[str, Row] = {
    "post1": (
        "delivery 1",
        "outside",
        "delivery",
        "POST",
        "/reservations",
        "api",
        "write",
        None,
        None,
        None,
    ),
    "look1": (
        "delivery 1",
        "api",
        "postgres",
        "SELECT",
        "seat_assignments",
        "db",
        "read",
        f"{_API}:5",
        0,
        0,
    ),
    "add1": (
        "delivery 1",
        "api",
        "redis",
        "EVALSHA",
        "bull:confirmations:wait",
        "jobs",
        "write",
        f"{_API}:7",
        None,
        1,
    ),
    "take1": (
        "delivery 1",
        "worker.2",
        "redis",
        "BZPOPMIN",
        "bull:confirmations:marker",
        "jobs",
        "write",
        None,
        1,
        2,
    ),
    "move1": (
        "delivery 1",
        "worker.2",
        "redis",
        "EVALSHA",
        "bull:confirmations:active",
        "jobs",
        "write",
        None,
        1,
        3,
    ),
    "tariff1": (
        "delivery 1",
        "worker.2",
        "http",
        "GET",
        "/tariffs/*",
        "tariffs",
        "read",
        f"{_JOB}:5",
        None,
        4,
    ),
    "begin1": (
        "delivery 1",
        "worker.2",
        "postgres",
        "BEGIN",
        "",
        "db",
        "read",
        f"{_SEAT}:4",
        None,
        5,
    ),
    "insert1": (
        "delivery 1",
        "worker.2",
        "postgres",
        "INSERT",
        "seat_assignments",
        "db",
        "write",
        f"{_SEAT}:6",
        1,
        6,
    ),
    "commit1": (
        "delivery 1",
        "worker.2",
        "postgres",
        "COMMIT",
        "seat_assignments",
        "db",
        "write",
        f"{_SEAT}:4",
        None,
        7,
    ),
    "done1": (
        "delivery 1",
        "worker.2",
        "redis",
        "EVALSHA",
        "bull:confirmations:completed",
        "jobs",
        "write",
        None,
        None,
        8,
    ),
}
_SECOND: dict[str, Row] = {
    key.replace("1", "2"): (
        "delivery 2",
        row[1].replace("worker.2", "worker.1"),
        *row[2:],
    )
    for key, row in _FIRST.items()
}
_ROWS = _FIRST | _SECOND
_FAILING = [
    "post1",
    "look1",
    "add1",
    "take1",
    "move1",
    "post2",
    "look2",
    "add2",
    "take2",
    "move2",
    "tariff1",
    "tariff2",
    "begin1",
    "insert1",
    "commit1",
    "done1",
    "begin2",
    "insert2",
]
_PASSING = [
    "post1",
    "look1",
    "add1",
    "take1",
    "move1",
    "tariff1",
    "begin1",
    "insert1",
    "commit1",
    "done1",
    "post2",
    "look2",
]


def _run(order: list[str], *, failed: bool) -> Run:
    operations: list[Operation] = []
    seen: dict[OperationName, int] = {}
    for index, key in enumerate(order):
        task, process, protocol, kind, target, service, access, line, rows, _ = _ROWS[key]
        name = OperationName(
            task=task,
            role=process.split(".")[0],
            protocol=protocol,
            kind=kind,
            target=target,
            access=access,
        )
        seen[name] = seen.get(name, 0) + 1
        name = replace(name, occurrence=seen[name])
        path, _, number = (line or "").partition(":")
        location = Location(path=path, line=int(number)) if line else None
        operations.append(
            Operation(
                index=index,
                name=name,
                process=process,
                service=service,
                text=f"{kind} {target} … '<b>&'",
                fingerprint=f"{kind} {target} …",
                parent=None,
                location=location,
                rows=1 if key == "look2" and not failed else rows,
                released_ms=index * 3.2,
                replied_ms=index * 3.2 + 2,
            )
        )
    failures: tuple[Failure, ...] = ()
    if failed:
        message = 'duplicate key value violates unique constraint "seat_assignments_reference_key"'
        operations[-1] = replace(
            operations[-1],
            rows=None,
            failure=WireFailure(
                code="23505",
                message=message,
                table="seat_assignments",
                constraint="seat_assignments_reference_key",
            ),
        )
        failures = (
            Failure(
                kind="symptom",
                text=message,
                process="worker.1",
                code="23505",
                constraint="seat_assignments_reference_key",
                operation=len(operations) - 1,
            ),
        )
    return Run(
        operations=tuple(operations),
        failures=failures,
        answers=(202, 202 if failed else 200),
        output=(OutputLine(process="worker.1", text="confirm failed", at_ms=60.0),),
        duration_ms=61.0,
    )


def _name_of(run: Run, index: int) -> OperationName:
    return run.operations[index].name


def _symptom() -> Symptom:
    start = 1_772_400_000_000.0
    times = (0, 412, 1290, 1302, 2477)
    gaps = (38.0, 44.0, 31.0, 52.0, 40.0)
    return Symptom(
        text="seat_assignments_reference_key",
        template='duplicate key value violates unique constraint "<*>"',
        sqlstate="23505",
        constraint="seat_assignments_reference_key",
        table="seat_assignments",
        stack=(Location(path=_SEAT, line=6, function="assignSeat"),),
        rate=Rate(failures=5, trials=1630, interval=Interval(low=0.00099, high=0.00714)),
        lines=15,
        occurrences=tuple(
            Occurrence(
                identity=f"jobId={at}",
                evidence=(
                    Evidence(
                        path="logs/worker-1.log", line=100 + at, text='{"level":50,"jobId":…}'
                    ),
                ),
                at_ms=start + at * 1000,
                entity=f"holdId=h_{at}",
                partner=(Evidence(path="logs/api.log", line=40 + at, text='{"msg":"queued"}'),),
                gap_ms=gap,
            )
            for at, gap in zip(times, gaps, strict=True)
        ),
        differences=(
            Difference(
                property="the same holdId was requested twice",
                failing_with=5,
                failing=5,
                others_with=61,
                others=1625,
                p_value=1.1e-7,
            ),
        ),
        statements=(
            Evidence(
                path="logs/worker-1.log",
                line=100,
                text='{"level":50,"err":{"code":"23505","detail":"<script>alert(1)</script>"}}',
                says="each failing job logs the error three times, once per attempt",
            ),
        ),
        first_ms=start,
        last_ms=start + 2_477_000,
        gap_ms=gaps,
        requests_per_s=14.0,
        files=("logs/api.log", "logs/worker-1.log", "logs/worker-2.log"),
        records=48_211,
        limits=("worker-2.log ends in the middle of a line.",),
    )


def _code() -> CodeMap:
    return CodeMap(
        root="/srv/seats",
        files=31,
        paths=(
            CodePath(
                hops=(
                    Hop(
                        kind="route",
                        label="POST /reservations",
                        location=Location(path=_API, line=4),
                    ),
                    Hop(
                        kind="read",
                        label="SELECT seat_assignments",
                        location=Location(path=_API, line=5),
                    ),
                    Hop(
                        kind="enqueue",
                        label="confirmations.add('confirm')",
                        location=Location(path=_API, line=7),
                    ),
                    Hop(kind="consume", label="confirm", location=Location(path=_JOB, line=3)),
                    Hop(kind="call", label="assignSeat", location=Location(path=_JOB, line=6)),
                    Hop(
                        kind="write",
                        label="INSERT INTO seat_assignments",
                        location=Location(path=_SEAT, line=6),
                    ),
                    Hop(
                        kind="constraint",
                        label="UNIQUE seat_assignments(reference)",
                        location=Location(path="migrations/003-reference.sql", line=4),
                    ),
                )
            ),
        ),
        commits=(
            Commit(
                sha="4f2a91c0d7",
                author="Mara Lind",
                date="2025-11-04T09:12:00+01:00",
                subject="Assign seats in the worker",
                locations=(Location(path=_JOB, line=6),),
            ),
        ),
    )


def _hypotheses(schedule: Schedule) -> tuple[Hypothesis, ...]:
    return (
        Hypothesis(
            mechanism="missing-job-deduplication",
            title="The same reservation is queued twice",
            claim="confirmations.add sets no jobId, so a second request adds a second job.",
            rank=1,
            score=0.91,
            verdict="CONFIRMED",
            why="the forced order failed 100 of 100 times and passed 20 of 20 when flipped",
            evidence=(
                Evidence(
                    path=_API, line=7, text="await confirmations.add('confirm', …)", says="no jobId"
                ),
                Evidence(
                    path="logs/api.log", line=40, text='{"msg":"queued"}', says="queued twice"
                ),
            ),
            experiment=Experiment(
                question="Does a look before the first COMMIT lead to a second job?",
                prediction="the second job's INSERT violates the constraint",
                refuted_if="the order is infeasible or passes",
                schedule=schedule,
            ),
        ),
        Hypothesis(
            mechanism="identifier-collision",
            title="Two references are equal by chance",
            claim="reference is made of row and hold.",
            rank=2,
            score=0.12,
            verdict="REFUTED",
            why="at 14 requests/s a collision is expected once in 4,000 years",
            evidence=(
                Evidence(
                    path=_SEAT,
                    line=5,
                    text="const reference = `${row}-${holdId}`;",
                    says="nothing random in it",
                    supports=False,
                ),
            ),
        ),
    )


def _fix(schedule: Schedule) -> Fix:
    diff = (
        "--- a/src/api/reserve.js\n+++ b/src/api/reserve.js\n@@ -7 +7 @@\n"
        "-  await confirmations.add('confirm', { holdId });\n"
        "+  await confirmations.add('confirm', { holdId }, { jobId: holdId });\n"
    )
    return Fix(
        branch="redhanded/0003-seat-taken",
        worktree="/srv/seats-fix",
        base="9c1d2e7",
        parts=(
            FixPart(
                key="a",
                remedy="job-id",
                title="A job id from the hold",
                why="a second add of the same hold adds nothing",
                files={},
                diff=diff,
            ),
            FixPart(
                key="b",
                remedy="find-or-create",
                title="findOrCreate on the constraint's column",
                why="a second job finds the first one's row",
                files={},
                diff="--- a/src/domain/seating.js\n+++ b/src/domain/seating.js\n",
            ),
            FixPart(
                key="b2",
                remedy="find-or-create",
                title="findOrCreate on hold_id",
                why="looks right",
                files={},
                diff="",
                tempting=True,
                excludes=("b",),
            ),
        ),
        chosen=("a", "b"),
        subsets=(
            SubsetResult(
                parts=(),
                outcome="fails",
                forced="failed 5/5",
                early="failed 5/5",
                late="passed 5/5",
                error="23505",
            ),
            SubsetResult(
                parts=("a",),
                outcome="fails",
                forced="infeasible",
                early="passed 5/5",
                late="failed 5/5",
                infeasible_constraint=schedule.constraints[0],
                explored=64,
                error="23505",
            ),
            SubsetResult(
                parts=("b2",),
                outcome="fails",
                forced="failed 5/5",
                early="failed 5/5",
                late="passed 5/5",
            ),
            SubsetResult(
                parts=("a", "b"),
                outcome="holds",
                forced="infeasible",
                early="passed 5/5",
                late="passed 5/5",
                infeasible_constraint=schedule.constraints[0],
                explored=412,
            ),
        ),
        diff=diff,
        test_path="test/reserve-concurrency.test.js",
        test_diff="--- /dev/null\n+++ b/test/reserve.test.js\n@@ -0,0 +1 @@\n+it(1)\n",
    )
