"""A small parcel service and what the lab would have measured of it, for suspect and repair."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

from redhanded.case.codemap import (
    CodeMap,
    CodePath,
    Consumer,
    DataAccess,
    Enqueue,
    Hop,
    Route,
    UniqueConstraint,
)
from redhanded.case.evidence import Evidence, Location
from redhanded.case.operation import Operation, OperationName, Touch, WireFailure
from redhanded.case.reproduction import Alternative, Counterfactual, Reproduction
from redhanded.case.run import Failure, Run
from redhanded.case.schedule import Constraint, Schedule
from redhanded.case.symptom import Interval, Occurrence, Rate, Symptom
from redhanded.case.system import Delivery, Invariant, Process, Service, Signature, Stub, System

INTAKE = """\
import { shipping } from './queue.js';
import { Parcel } from './models.js';

export async function announce(notice, res) {
  const known = await Parcel.findOne({ where: { trackingCode: notice.tracking } });
  if (known) return res.sendStatus(200);
  await shipping.add('label', {
    noticeKey: notice.id,
    tracking: notice.tracking,
    traceId: res.locals.trace,
  });
  return res.sendStatus(202);
}
"""
LABELLER = """\
import { storeParcel } from './store.js';

export const printLabel = async (job) => {
  return storeParcel(job.data);
};
"""
STORE = """\
import { Parcel, Event } from './models.js';
import { barcodeOf } from './barcode.js';

export async function storeParcel(notice) {
  const parcel = await Parcel.create({
    barcode: barcodeOf(notice.tracking),
    trackingCode: notice.tracking,
  });
  await Event.create({ parcelId: parcel.id });
  return parcel;
}
"""
MODELS = """\
export const Parcel = sequelize.define('Parcel', {
  barcode: { type: DataTypes.STRING, field: 'bar_code_v2' },
  trackingCode: DataTypes.STRING,
}, { tableName: 'parcels', underscored: true });
"""
WORKER = "new Worker('shipping', printLabel);\n"
MIGRATION = """\
exports.up = async (queryInterface) => {
  await queryInterface.addIndex('parcels', ['bar_code_v2'], { unique: true, name: 'one_parcel' });
};
"""
FILES = {
    "src/intake.js": INTAKE,
    "src/labeller.js": LABELLER,
    "src/store.js": STORE,
    "src/models.js": MODELS,
    "src/worker.js": WORKER,
    "db/migrations/007-one-parcel.cjs": MIGRATION,
    "spec/intake.spec.js": "import assert from 'node:assert';\n",
    "samples/notice.json": '{"id": "ntc_{unique}", "tracking": "TRK{unique}"}',
    "package.json": json.dumps(
        {
            "type": "module",
            "scripts": {"test": "mocha --recursive spec"},
            "dependencies": {"bullmq": "^5.1.0", "pg": "^8", "sequelize": "^6"},
            "devDependencies": {"mocha": "^10"},
        }
    ),
}

ROUTE = Location(path="src/intake.js", line=4, function="announce")
LOOK_UP = Location(path="src/intake.js", line=5, function="announce")
ENQUEUE = Location(path="src/intake.js", line=7, function="announce")
CONSUME = Location(path="src/worker.js", line=1)
HANDLER = Location(path="src/labeller.js", line=3, function="printLabel")
CALL = Location(path="src/labeller.js", line=4, function="printLabel")
CREATE = Location(path="src/store.js", line=5, function="storeParcel")
INDEX = Location(path="db/migrations/007-one-parcel.cjs", line=2)


def write(root: Path, **changed: str) -> Path:
    """The service in ``root``; keys of ``changed`` are file names without folder and suffix."""
    for path, text in FILES.items():
        target = root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(changed.get(target.stem, text))
    return root


def code_map(root: Path, *, options: dict[str, str] | None = None) -> CodeMap:
    """What explore gives of it."""
    hops = (
        Hop(kind="route", label="POST /announce", location=ROUTE),
        Hop(kind="read", label="SELECT parcels", location=LOOK_UP),
        Hop(kind="enqueue", label="shipping.add('label')", location=ENQUEUE),
        Hop(kind="consume", label="shipping: label", location=CONSUME),
        Hop(kind="call", label="storeParcel", location=CALL),
        Hop(kind="write", label="INSERT INTO parcels", location=CREATE),
        Hop(kind="constraint", label="UNIQUE parcels(bar_code_v2)", location=INDEX),
    )
    return CodeMap(
        root=str(root),
        files=5,
        routes=(
            Route(method="POST", path="/announce", location=ROUTE, handler=ROUTE, webhook=True),
        ),
        enqueues=(
            Enqueue(
                queue="shipping",
                job="label",
                library="bullmq",
                location=ENQUEUE,
                options=options or {},
                data={"noticeKey": "notice.id", "tracking": "notice.tracking"},
            ),
        ),
        consumers=(
            Consumer(
                queue="shipping", job=None, library="bullmq", location=CONSUME, handler=HANDLER
            ),
        ),
        accesses=(
            _access("findOne", "read", LOOK_UP, ("tracking_code",)),
            _access("create", "write", CREATE, ("bar_code_v2", "tracking_code")),
        ),
        constraints=(
            UniqueConstraint(
                table="parcels", columns=("bar_code_v2",), name="one_parcel", location=INDEX
            ),
        ),
        paths=(CodePath(hops=hops),),
    )


def symptom() -> Symptom:
    """What observe gives."""
    line = Evidence(path="worker.log", line=17, text="duplicate key")
    other = Evidence(path="web.log", line=4, text="POST /announce")
    return Symptom(
        text="duplicate key",
        constraint="one_parcel",
        table="parcels",
        stack=(CREATE,),
        rate=Rate(failures=4, trials=1000, interval=Interval(low=0.001, high=0.01)),
        requests_per_s=50,
        occurrences=(
            Occurrence(
                identity="jobId=3",
                evidence=(line,),
                at_ms=1.0,
                entity="tracking=TRK1",
                partner=(other,),
                gap_ms=38.0,
            ),
        ),
    )


def reproduction(*, apart: bool = True) -> Reproduction:
    """A caught failure: both deliveries looked, then the jobs ran one after the other."""
    operations = _operations()
    flip = Constraint(before=operations[3].name, after=operations[7].name)
    alternative = Alternative(
        question="Must two workers run at the same time?",
        answer="No.",
        necessary=False,
        runs=10,
        failures=10,
    )
    failure = Failure(kind="symptom", text="duplicate key", constraint="one_parcel", operation=9)
    return Reproduction(
        trials_to_first_failure=1,
        schedule=Schedule(constraints=(flip,), deliveries=2),
        replays=100,
        replays_failed=100,
        counterfactuals=(Counterfactual(flipped=flip.flipped(), runs=20),),
        alternatives=(alternative,) if apart else (),
        same_error=True,
        constraint="one_parcel",
        run=Run(operations=operations, failures=(failure,)),
    )


def unreproduced(*, exhausted: bool) -> Reproduction:
    """A search that found nothing."""
    return Reproduction(
        trials_to_first_failure=None, explored=40, exhausted=exhausted, bound="2 preemptions"
    )


def system(root: Path) -> System:
    """What the contract gives."""
    return System(
        name="parcels",
        root=str(root),
        source=("src",),
        services=(
            Service(name="db", kind="postgres", env={"PG_HOST": "{host}", "PG_NAME": "{db}"}),
            Service(name="jobs", kind="redis", env={"JOBS_URL": "{url}"}),
        ),
        processes=(
            Process(name="api", command="node src/api.js", env={"PORT": "{port}"}, ready_log="up"),
            Process(name="printer", command="node src/worker.js", replicas=3, ready_log="up"),
        ),
        stubs=(Stub(name="carrier", env={"CARRIER": "{url}"}, routes="samples/carrier.json"),),
        workload=(
            Delivery(
                name="notice",
                to="api",
                method="POST",
                path="/announce",
                body=json.loads(FILES["samples/notice.json"]),
                sign=Signature(scheme="github", secret_env="HOOK_SECRET"),
                deliveries=2,
            ),
        ),
        invariants=(Invariant(name="one", sql="SELECT 1 WHERE false"),),
    )


def single_delivery() -> Reproduction:
    """A failure within the work of one delivery."""
    caught = reproduction(apart=False)
    assert caught.run is not None
    kept = tuple(
        replace(each, name=replace(each.name, task="delivery 1"))
        for each in caught.run.operations
        if each.index not in (2, 3, 4)
    )
    return replace(caught, run=replace(caught.run, operations=kept))


def _access(method: str, access: str, location: Location, columns: tuple[str, ...]) -> DataAccess:
    return DataAccess(
        model="Parcel",
        table="parcels",
        method=method,
        access="read" if access == "read" else "write",
        library="sequelize",
        location=location,
        columns=columns,
        does="insert" if method == "create" else "read",
    )


def _operations() -> tuple[Operation, ...]:
    job = '{\\"noticeKey\\":\\"ntc_9f3\\",\\"tracking\\":\\"TRK9f3\\",\\"traceId\\":\\"%s\\"}'
    row = (("bar_code_v2", "B-9f3"), ("tracking_code", "TRK9f3"))
    touch = Touch(service="db", resource="parcels", access="write", row=row)
    refused = WireFailure(
        code="23505", message="duplicate key", table="parcels", constraint="one_parcel"
    )
    stack = (CREATE, CALL)
    return (
        _operation(0, 1, "outside", "delivery", "POST"),
        _operation(1, 1, "api", "postgres", "SELECT", parent=0, stack=(LOOK_UP,)),
        _operation(2, 2, "outside", "delivery", "POST"),
        _operation(3, 2, "api", "postgres", "SELECT", parent=2, stack=(LOOK_UP,)),
        _operation(4, 2, "api", "redis", "EVALSHA", parent=3, stack=(ENQUEUE,), text=job % "t2"),
        _operation(5, 1, "api", "redis", "EVALSHA", parent=1, stack=(ENQUEUE,), text=job % "t1"),
        replace(
            _operation(6, 1, "printer", "postgres", "INSERT", parent=5, stack=stack),
            touches=(touch,),
        ),
        _operation(7, 1, "printer", "postgres", "COMMIT", parent=6),
        _operation(8, 2, "printer", "postgres", "BEGIN", parent=4),
        replace(
            _operation(9, 2, "printer", "postgres", "INSERT", parent=8, stack=stack),
            failure=refused,
        ),
    )


def _operation(
    index: int,
    task: int,
    role: str,
    protocol: str,
    kind: str,
    *,
    parent: int | None = None,
    stack: tuple[Location, ...] = (),
    text: str = "",
) -> Operation:
    known = {"delivery": "delivery", "postgres": "postgres"}
    return Operation(
        index=index,
        name=OperationName(
            task=f"delivery {task}",
            role=role,
            protocol=known.get(protocol, "redis"),  # type: ignore[arg-type]
            kind=kind,
            target="parcels" if protocol == "postgres" else "bull:shipping:*",
            access="read" if kind == "SELECT" else "write",
        ),
        process=f"{role}.{task}" if role == "printer" else role,
        service="db",
        text=text or kind,
        fingerprint=kind,
        parent=parent,
        location=stack[0] if stack else None,
        stack=stack,
    )
