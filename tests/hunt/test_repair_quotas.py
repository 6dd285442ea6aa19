"""A limit that two find room under: the row that both read first is locked."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import parcels
import pytest
from test_repair import check, ground_of

from redhanded.case.codemap import DataAccess
from redhanded.case.evidence import Location
from redhanded.case.hypothesis import RootLocation
from redhanded.case.operation import Operation, Touch
from redhanded.case.reproduction import RootCause
from redhanded.case.symptom import Symptom
from redhanded.hunt import repair

PATH = "src/coupons.js"
INSIDE = """\
export async function use(code, email) {
  return db.transaction(async (trx) => {
    const coupon = await trx('coupon_codes').where({ code }).first();
    const [{ count }] = await trx('uses').where({ email }).count();
    if (count >= coupon.most) throw new Error('used up');
    await trx('uses').insert({ coupon_code_id: coupon.id, email });
  });
}
"""
APART = """\
export async function use(code, email) {

    const coupon = await db('coupon_codes').where({ code }).first();
    const [{ count }] = await db('uses').where({ email }).count();
    if (count >= coupon.most) throw new Error('used up');
    await db('uses').insert({ coupon_code_id: coupon.id, email });
}
"""
BELONGS = (("coupon_code_id", "1"), ("email", "a@example.org"))


def limited(
    root: Path,
    text: str,
    *,
    transaction: int | None,
    rows: int = 1,
    row: tuple[tuple[str, str], ...] = BELONGS,
) -> repair.Ground:
    """Two deliveries read a coupon, count its uses and add one each."""
    parcels.write(root)
    (root / PATH).write_text(text)
    ground = ground_of(root)
    run = ground.reproduction.run
    assert run is not None
    like = run.operations[6]
    steps = (("SELECT", "coupon_codes", 3), ("SELECT", "uses", 4), ("INSERT", "uses", 6))

    def operation(index: int, task: int, kind: str, table: str, line: int) -> Operation:
        access = "write" if kind == "INSERT" else "read"
        place = Location(path=PATH, line=line)
        touch = Touch(service="db", resource=table, access="write", row=row)
        return replace(
            like,
            index=index,
            name=replace(
                like.name, task=f"delivery {task}", kind=kind, target=table, access="read"
            ),
            location=place,
            stack=(place,),
            rows=rows if table != "uses" else 1,
            touches=(touch,) if access == "write" else (),
            connection=task,
            transaction=transaction,
        )

    operations = tuple(
        operation(number, 1 + number % 2, *steps[number // 2]) for number in range(6)
    )
    accesses = tuple(
        DataAccess(
            model=None,
            table=table,
            method=kind,
            access="write" if kind == "INSERT" else "read",
            library="knex",
            location=Location(path=PATH, line=line),
        )
        for kind, table, line in steps
    )
    places = (
        RootLocation(path=PATH, line=4, role="look-up", text=""),
        RootLocation(path=PATH, line=6, role="create", text=""),
    )
    return replace(
        ground,
        code=replace(ground.code, accesses=accesses, constraints=(), enqueues=()),
        cause=RootCause(mechanism="quota-check", title="", sentence="", locations=places),
        reproduction=replace(
            ground.reproduction, constraint=None, run=replace(run, operations=operations)
        ),
        symptom=Symptom(text="used up twice", invariants=("one_use",)),
    )


def test_the_row_that_uses_belong_to_is_locked_before_they_are_counted(tmp_path: Path) -> None:
    (part,) = repair.draft(limited(tmp_path, INSIDE, transaction=1))
    assert part.title == "Lock the coupon_codes row before the limit is looked at"
    text = part.files[PATH]
    check(tmp_path, text)
    assert "trx('coupon_codes').where({ code }).first().forUpdate();" in text
    assert text.count("forUpdate") == 1


def test_look_and_use_come_into_one_transaction(tmp_path: Path) -> None:
    (part,) = repair.draft(limited(tmp_path, APART, transaction=None))
    assert part.title.startswith("Look at the limit and use it up in one transaction")
    text = part.files[PATH]
    check(tmp_path, text)
    begin = text.index("db.transaction(async (trx)")
    assert begin < text.index("trx('coupon_codes')") < text.index("trx('uses').insert")
    assert text.count("forUpdate") == 1


@pytest.mark.parametrize("row", [(("email", "a"),), (("shop_id", "1"),)])
def test_what_no_row_belongs_to_is_not_locked(
    tmp_path: Path, row: tuple[tuple[str, str], ...]
) -> None:
    """Only another level sees then that two count the same."""
    parts = repair.draft(limited(tmp_path, INSIDE, transaction=1, row=row))
    assert [each.key for each in parts] == ["s"]
    parts = repair.draft(limited(tmp_path, INSIDE, transaction=1, rows=2))
    assert [each.key for each in parts] == ["s"]
