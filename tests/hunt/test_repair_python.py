from __future__ import annotations

import ast
from dataclasses import replace
from pathlib import Path

import parcels
import pytest
from lost_updates import read_then_written

from redhanded.case.codemap import DataAccess, UniqueConstraint
from redhanded.case.evidence import Location
from redhanded.case.fix import FixPart
from redhanded.case.hypothesis import RootLocation
from redhanded.case.reproduction import RootCause
from redhanded.case.system import Delivery, Process, Service, Signature
from redhanded.hunt import repair

MODELS = """\
from django.db import models


class Dated(models.Model):
    made_at = models.DateTimeField(auto_now_add=True)
    carrier = models.CharField(max_length=9, default="post")

    class Meta:
        abstract = True


class Parcel(Dated):
    barcode = models.CharField(max_length=40, db_column="bar_code_v2")
    sender = models.ForeignKey("Sender", on_delete=models.CASCADE)
    weight = models.IntegerField(null=True)
"""
STORE = """\
import logging

from django.db import transaction

from .models import Parcel, Scan

logger = logging.getLogger(__name__)


def store_parcel(notice, sender):
    \"\"\"Keeps what was announced.\"\"\"
    code = notice["tracking"]
    with transaction.atomic():
        parcel = Parcel.objects.create(
            barcode=code,
            sender=sender,
            weight=notice.get("weight"),
        )
        Scan.objects.create(parcel=parcel)
    logger.info("kept %s", code)
    return parcel
"""
TASKS = """\
from . import mail, store


def label(notice, sender):
    parcel = store.store_parcel(notice, sender)
    mail.announce(parcel)
"""


def ground_of(
    root: Path,
    body: str = STORE,
    *,
    columns: tuple[str, ...] = ("bar_code_v2",),
    requirements: str = "Django\npsycopg2-binary\ncelery[redis]\npytest\n",
    tests: str | None = "python -m pytest -q",
) -> repair.Ground:
    """A Django service of which the lab has measured the create that was refused."""
    written = {"shop/models.py": MODELS, "shop/store.py": body, "shop/tasks.py": TASKS}
    for path, text in {**written, "requirements.txt": requirements, "checks/test_a.py": ""}.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text)
    line = next(
        number
        for number, text in enumerate(body.splitlines(), 1)
        if "Parcel" in text and "(" in text
    )
    create = Location(path="shop/store.py", line=line, function="store_parcel")
    call = Location(path="shop/tasks.py", line=5, function="label")
    access = DataAccess(
        model="shop.Parcel",
        table="parcels",
        method="create",
        access="write",
        library="django",
        location=create,
        does="insert",
    )
    unique = UniqueConstraint(table="parcels", columns=columns, name="one_parcel", location=None)
    caught = parcels.reproduction()
    cause = RootCause(
        mechanism="create-without-idempotency",
        title="",
        sentence="",
        locations=tuple(
            RootLocation(path=each.path, line=each.line, role=role, text="", function=each.function)
            for role, each in (("call", call), ("create", create))
        ),
    )
    return repair.Ground(
        root=root,
        system=system(root, tests),
        code=replace(parcels.code_map(root), accesses=(access,), constraints=(unique,)),
        cause=cause,
        reproduction=caught,
        symptom=parcels.symptom(),
    )


def system(root: Path, tests: str | None) -> parcels.System:
    opened = Delivery(
        name="a sender signs up", to="web", method="POST", path="/senders", body={"id": "{unique}"}
    )
    notice = Delivery(
        name="notice",
        to="web",
        method="POST",
        path="/announce/{unique}",
        body={"id": "ntc_{unique}", "tracking": "TRK{unique}"},
        sign=Signature(scheme="hmac-sha256", secret_env="HOOK_SECRET", header="X-Sum"),
        deliveries=2,
        after=opened.name,
    )
    return replace(
        parcels.system(root),
        source=("shop",),
        services=(
            Service(name="db", kind="postgres", env={"DATABASE_URL": "postgresql+psycopg2://{db}"}),
            Service(name="jobs", kind="redis", env={"BROKER": "{url}/0", "CACHE": "{url}/1"}),
        ),
        processes=(
            Process(name="web", command="gunicorn x", env={"PORT": "{port}"}, ready_log="up"),
            Process(name="worker", command="celery -A x worker", replicas=2, ready_log="ready"),
        ),
        workload=(opened, notice),
        test_command=tests,
    )


def drafted(root: Path, body: str = STORE, **changed: tuple[str, ...]) -> dict[str, FixPart]:
    return {each.key: each for each in repair.draft(ground_of(root, body, **changed))}  # type: ignore[arg-type]


def function(body: str) -> str:
    return f"from .models import Parcel\n\n\ndef store_parcel(notice, sender):\n{body}"


def test_get_or_create_asks_for_what_the_constraint_holds(tmp_path: Path) -> None:
    found = drafted(tmp_path)
    assert set(found) == {"b"} and not found["b"].tempting
    text = found["b"].files["shop/store.py"]
    ast.parse(text)
    assert (
        "        parcel, created = Parcel.objects.get_or_create(\n"
        "            barcode=code,\n"
        "            defaults={\n"
        '                "sender": sender,\n'
        '                "weight": notice.get("weight"),\n'
        "            },\n"
        "        )\n"
        "        if not created:\n"
        "            return parcel\n"
        "        Scan.objects.create(parcel=parcel)\n"
    ) in text
    assert "mail.announce(parcel) (shop/tasks.py:6)" in found["b"].why


def test_columns_of_relations_and_defaults_of_base_classes_are_known(tmp_path: Path) -> None:
    columns = ("carrier", "bar_code_v2", "sender_id")
    text = drafted(tmp_path, columns=columns)["b"].files["shop/store.py"]
    assert 'carrier="post",\n            barcode=code,\n            sender=sender,\n' in text


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (
            "    return Parcel.objects.create(**notice)\n",
            '    return Parcel.objects.get_or_create(\n        barcode=notice["barcode"],\n'
            "        defaults=notice,\n    )[0]\n",
        ),
        (
            "    Parcel.objects.create(barcode=notice)\n",
            "    Parcel.objects.get_or_create(\n        barcode=notice,\n    )\n",
        ),
        (
            "    for each in notice:\n        Parcel.objects.create(barcode=each)\n"
            "        count(each)\n",
            "        _row, created = Parcel.objects.get_or_create(\n            barcode=each,\n"
            "        )\n        if not created:\n            continue\n        count(each)\n",
        ),
        (
            "    created = Parcel.objects.create(barcode=notice)\n    made = tell(created)\n"
            "    return made\n",
            "    created = Parcel.objects.get_or_create(\n        barcode=notice,\n    )[0]\n"
            "    made = tell(created)\n",
        ),
        (
            "    parcel = Parcel.objects.create(barcode=notice)\n    tell(parcel)\n"
            "    return {'id': parcel.pk}\n",
            "    if not created:\n        return {'id': parcel.pk}\n    tell(parcel)\n",
        ),
        (
            "    sender.parcels.create(barcode=notice)  # Parcel(\n    tell(sender)\n",
            "    _row, created = sender.parcels.get_or_create(\n        barcode=notice,\n    )",
        ),
    ],
)
def test_get_or_create_in_other_shapes(tmp_path: Path, body: str, expected: str) -> None:
    columns = ("bar_code_v2", "sender_id") if "sender.parcels" in body else ("bar_code_v2",)
    text = drafted(tmp_path, function(body), columns=columns)["b"].files["shop/store.py"]
    ast.parse(text)
    assert expected in text


def test_asynchronous_create_stays_asynchronous(tmp_path: Path) -> None:
    body = function("    return await Parcel.objects.acreate(barcode=notice)\n")
    text = drafted(tmp_path, body.replace("def", "async def"))["b"].files["shop/store.py"]
    assert (
        "return (await Parcel.objects.aget_or_create(\n        barcode=notice,\n    ))[0]" in text
    )


def test_unknown_value_of_the_column_gives_no_part(tmp_path: Path) -> None:
    assert drafted(tmp_path, function("    Parcel.objects.create(weight=1)\n")) == {}
    assert drafted(tmp_path, function("    Parcel(barcode=notice).save()\n")) == {}


def test_planted_look_stands_first_where_its_values_are_known(tmp_path: Path) -> None:
    body = function("    tell()\n    return Parcel.objects.create(barcode=notice)\n")
    part = repair.plant(ground_of(tmp_path, body))
    assert part is not None
    assert (
        "    existing = Parcel.objects.filter(barcode=notice).first()\n"
        "    if existing is not None:\n        return existing\n    tell()\n"
    ) in part.files["shop/store.py"]


def test_planted_look_stands_beside_where_they_are_not(tmp_path: Path) -> None:
    part = repair.plant(ground_of(tmp_path))
    assert part is not None
    text = part.files["shop/store.py"]
    ast.parse(text)
    assert "(Parcel.objects.filter(barcode=code).first() or Parcel.objects.create(" in text


@pytest.mark.parametrize("driver", ["psycopg[binary]", "psycopg2-binary", "asyncpg"])
def test_regression_test_fits_the_project(tmp_path: Path, driver: str) -> None:
    ground = ground_of(tmp_path, requirements=f"Django\n{driver}\n")
    path, text = repair.regression_test(ground)
    assert path == "checks/test_parcels_concurrent_delivery.py"
    ast.parse(text)
    name = driver.partition("[")[0].removesuffix("-binary")
    assert f"\nimport {name}\n" in text and f'{name}.connect(plain(env["DATABASE_URL"]))' in text
    assert "def test_one_event_delivered_5_times_at_once_is_worked_off_once_parcels():" in text
    assert 'for name in ["BROKER", "CACHE"]:' in text
    assert (
        """WHERE "tracking_code"::text = %s',
            f"TRK{unique}","""
        in text
    )
    assert '"path": "/senders"' in text and text.index("/senders") < text.index("/announce")
    assert max(map(len, text.splitlines())) <= 100
    assert repair.command_for(ground) == f"python -m pytest {path}"


def test_regression_test_without_pytest_is_a_case_of_unittest(tmp_path: Path) -> None:
    ground = ground_of(tmp_path, tests=".venv/bin/python manage.py test --parallel")
    _path, text = repair.regression_test(ground)
    ast.parse(text)
    assert "(unittest.TestCase):" in text
    assert repair.command_for(ground).endswith(
        "manage.py test checks.test_parcels_concurrent_delivery"
    )


def test_what_the_caller_writes_for_each_delivery_forbids_to_find_the_row(tmp_path: Path) -> None:
    """Behind a refused row nothing is done; behind one that is found the caller goes on."""
    ground = ground_of(tmp_path)
    run = ground.reproduction.run
    assert run is not None
    call = Location(path="shop/tasks.py", line=6, function="label")
    create = next(each for each in ground.cause.locations if each.role == "create").location

    def after(kind: str, protocol: str, target: str) -> repair.Ground:
        first = run.operations[6]
        more = replace(
            first,
            index=7,
            name=replace(first.name, kind=kind, protocol=protocol, target=target),  # type: ignore[arg-type]
            location=call,
            stack=(call,),
        )
        first = replace(first, location=create, stack=(create, call))
        changed = replace(run, operations=(*run.operations[:6], first, more))
        return replace(ground, reproduction=replace(ground.reproduction, run=changed))

    queued = after("LPUSH", "redis", "mails")
    (part,) = repair.draft(queued)
    assert "LPUSH mails (shop/tasks.py:6) is done once for each delivery" in part.why
    written = after("UPDATE", "postgres", "balances")
    assert repair.draft(written) == ()
    (why,) = repair.unwritten(written, ("find-or-create",))
    assert "UPDATE balances (shop/tasks.py:6) would be done as often" in why


def test_a_queue_that_goes_by_no_name_is_said(tmp_path: Path) -> None:
    ground = ground_of(tmp_path)
    enqueue = replace(ground.code.enqueues[0], library="celery")
    named = RootLocation(
        path=enqueue.location.path, line=enqueue.location.line, role="enqueue", text=""
    )
    cause = replace(ground.cause, locations=(*ground.cause.locations, named))
    other = replace(ground, cause=cause, code=replace(ground.code, enqueues=(enqueue,)))
    (note,) = repair.unwritten(other, ("job-id", "find-or-create"))
    assert note.startswith("No part names the job: celery runs a second job")


READS = {
    "sqlalchemy": (
        "    wallet = session.scalars(select(Wallet).where(Wallet.plate == plate)).one_or_none()\n",
        "select(Wallet).where(Wallet.plate == plate).with_for_update()).one_or_none()\n",
    ),
    "sqlalchemy get": (
        "    wallet = session.get(Wallet, plate)\n",
        "session.get(Wallet, plate, with_for_update=True)\n",
    ),
    "sqlalchemy query": (
        "    wallet = session.query(Wallet).filter_by(plate=plate).first()\n",
        "session.query(Wallet).filter_by(plate=plate).with_for_update().first()\n",
    ),
    "django": (
        "    wallet = Wallet.objects.get(plate=plate)\n",
        "Wallet.objects.select_for_update().get(plate=plate)\n",
    ),
}


def balance_ground(
    root: Path, read: str, library: str, *, in_transaction: bool = True
) -> repair.Ground:
    """Two requests read a balance and write it back; what the lab measured of it."""
    body = f"def change(session, plate, cents):\n{read}    wallet.cents += cents\n"
    ground = ground_of(root, body + "    Parcel()\n")
    return read_then_written(
        ground, path="shop/store.py", library=library, in_transaction=in_transaction
    )


@pytest.mark.parametrize("way", READS)
def test_the_row_that_is_written_back_is_locked_when_it_is_read(tmp_path: Path, way: str) -> None:
    read, expected = READS[way]
    (part,) = repair.draft(balance_ground(tmp_path, read, way.partition(" ")[0]))
    assert (part.key, part.remedy) == ("d", "row-lock") and "shop/store.py:2" in part.why
    text = part.files["shop/store.py"]
    ast.parse(text)
    assert expected in text


def test_no_lock_where_it_is_there_or_would_not_be_taken(tmp_path: Path) -> None:
    read, _ = READS["django"]
    assert repair.draft(balance_ground(tmp_path, read, "django", in_transaction=False)) == ()
    locked = "    wallet = session.get(Wallet, plate, with_for_update=True)\n"
    assert repair.draft(balance_ground(tmp_path, locked, "sqlalchemy")) == ()
    for beside in ('payload.get("cents", 0)', "session.scalar(select(Owner))"):
        near = f"    cents = {beside}\n    wallet = load(session, plate)\n"
        assert repair.draft(balance_ground(tmp_path, near, "sqlalchemy")) == ()
    joined = "    wallet = session.scalar(select(Wallet).options(joinedload(Wallet.owner)))\n"
    (part,) = repair.draft(balance_ground(tmp_path, joined, "sqlalchemy"))
    assert ".with_for_update(of=Wallet)" in part.files["shop/store.py"]
    raw = "    wallet = load(session, plate)\n"
    assert repair.draft(balance_ground(tmp_path, raw, "sqlalchemy")) == ()


def test_requests_of_two_kinds_are_sent_at_once(tmp_path: Path) -> None:
    ground = balance_ground(tmp_path, READS["sqlalchemy get"][0], "sqlalchemy")
    first = ground.system.workload[0]
    load = Delivery(name="load", to="web", method="POST", path="/loads", after=first.name)
    stay = replace(load, name="stay", path="/stays", expect=202)
    one = replace(ground, system=replace(ground.system, workload=(first, load, stay)))
    path, text = repair.regression_test(one)
    ast.parse(text)
    assert path == "checks/test_wallets_concurrent_delivery.py"
    assert "def test_requests_that_come_at_once_leave_what_must_hold_whole_wallets():" in text
    sent = text[text.index("TOGETHER = ") : text.index("STEP_S = ")]
    assert '"/loads"' in sent and '"/stays"' in sent and '"/senders"' not in sent
    assert '"expect": 202' in sent and "] * 5" not in sent
    assert "SELECT count(*) FROM {TABLE}" not in text
