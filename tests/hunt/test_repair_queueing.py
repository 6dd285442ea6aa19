"""A job that needs rows which nobody else sees yet is queued after the COMMIT."""

from __future__ import annotations

import ast
from dataclasses import replace
from pathlib import Path

import parcels
import pytest
import test_repair_python as shop
from test_repair import check, ground_of

from redhanded.case.codemap import DataAccess
from redhanded.case.evidence import Location
from redhanded.case.hypothesis import RootLocation
from redhanded.case.reproduction import RootCause
from redhanded.hunt import repair

SCRIPTS = {
    "a name is bound": (
        """\
  const order = await sequelize.transaction(async (t) => {
    const made = await Order.create({ id }, { transaction: t });
    await jobs.add('send', { orderId: made.id });
    return made;
  });
  return order.id;
""",
        """\
  const afterCommit = [];
  const order = await sequelize.transaction(async (t) => {
    const made = await Order.create({ id }, { transaction: t });
    afterCommit.push(() => jobs.add('send', { orderId: made.id }));
    return made;
  });
  for (const enqueue of afterCommit) await enqueue();
  return order.id;
""",
    ),
    "it is returned": (
        """\
  return db.transaction(async (trx) => {
    const [made] = await trx('orders').insert({ id }).returning('*');
    if (made.express) {
      await jobs.add('send', { orderId: made.id });
    }
    return made;
  });
""",
        """\
  const afterCommit = [];
  const done = await db.transaction(async (trx) => {
    const [made] = await trx('orders').insert({ id }).returning('*');
    if (made.express) {
      afterCommit.push(() => jobs.add('send', { orderId: made.id }));
    }
    return made;
  });
  for (const enqueue of afterCommit) await enqueue();
  return done;
""",
    ),
    "an awaited one is returned": (
        """\
  return await prisma.$transaction(async (tx) => {
    const made = await tx.order.create({ data: { id } });
    await jobs.add('send', { orderId: made.id });
  });
""",
        """\
  const afterCommit = [];
  const done = await prisma.$transaction(async (tx) => {
    const made = await tx.order.create({ data: { id } });
    afterCommit.push(() => jobs.add('send', { orderId: made.id }));
  });
  for (const enqueue of afterCommit) await enqueue();
  return done;
""",
    ),
    "nothing is bound": (
        """\
  await db.transaction().execute(async (trx) => {
    await trx.insertInto('orders').values({ id }).execute();
    await jobs.add('send', { id });
  });
""",
        """\
  const afterCommit = [];
  await db.transaction().execute(async (trx) => {
    await trx.insertInto('orders').values({ id }).execute();
    afterCommit.push(() => jobs.add('send', { id }));
  });
  for (const enqueue of afterCommit) await enqueue();
""",
    ),
    "it is committed by hand": (
        """\
  const client = await pool.connect();
  try {
    await client.query('BEGIN');
    await client.query('INSERT INTO orders VALUES ($1)', [id]);
    await jobs.add('send', { id });
    await client.query('COMMIT');
  } finally {
    client.release();
  }
""",
        """\
  const client = await pool.connect();
  try {
    await client.query('BEGIN');
    await client.query('INSERT INTO orders VALUES ($1)', [id]);
    await client.query('COMMIT');
    await jobs.add('send', { id });
  } finally {
    client.release();
  }
""",
    ),
}
LEFT = {
    "what it gives is used": """\
  return db.transaction(async (trx) => {
    const job = await jobs.add('send', { id });
    return job.id;
  });
""",
    "no transaction is seen": """\
  await around(async () => {
    await jobs.add('send', { id });
  });
""",
    "it is returned from a branch without a block": """\
  if (id) return await db.transaction(async (trx) => {
    await jobs.add('send', { id });
  });
""",
    "it waits for something itself": """\
  await db.transaction(async (trx) => {
    await jobs.add('send', { id: await made(trx) });
  });
""",
    "it is given the transaction": """\
  await db.transaction(async (trx) => {
    await jobs.add('send', { id }, { transaction: trx });
  });
""",
    "its error is caught inside": """\
  await db.transaction(async (trx) => {
    try {
      await jobs.add('send', { id });
    } catch (error) {}
  });
""",
    "what it is given is set again": """\
  await db.transaction(async (trx) => {
    let last;
    for (const each of id) {
      last = each;
      await jobs.add('send', { last });
    }
  });
""",
    "it is given what is committed by hand": """\
  const t = await sequelize.transaction();
  await jobs.add('send', { id, t });
  await t.commit();
""",
    "the name is taken": """\
  const afterCommit = 1;
  await db.transaction(async (trx) => {
    await jobs.add('send', { id });
  });
""",
}
DJANGO = """\
from django.db import transaction


def place(number):
    with transaction.atomic():
        order = Order.objects.create(number=number)
        send.delay(order.pk)
"""
SESSION = """\
def place(session, number):
    order = Order(number=number)
    session.add(order)
    session.flush()
    send.delay(order.id)
    session.commit()
    return order
"""


def queued_early(ground: repair.Ground, path: str, text: str, word: str) -> repair.Ground:
    """``ground`` with a job as its cause that is queued where ``word`` stands."""
    (ground.root / path).write_text(text)
    line = next(at for at, each in enumerate(text.splitlines(), 1) if word in each)
    place = RootLocation(path=path, line=line, role="enqueue", text="")
    mechanism = "job-enqueued-before-commit"
    cause = RootCause(mechanism=mechanism, title="", sentence="", locations=(place,))
    return replace(ground, cause=cause)


def script(root: Path, body: str) -> repair.Ground:
    parcels.write(root)
    text = f"export async function place(id) {{\n{body}}}\n"
    return queued_early(ground_of(root), "src/place.js", text, "jobs.add")


def drafted(ground: repair.Ground) -> dict[str, str]:
    return {path: text for part in repair.draft(ground) for path, text in part.files.items()}


@pytest.mark.parametrize("way", SCRIPTS)
def test_the_job_is_queued_after_the_transaction(tmp_path: Path, way: str) -> None:
    body, expected = SCRIPTS[way]
    ground = script(tmp_path, body)
    (part,) = repair.draft(ground)
    assert (part.key, part.remedy) == ("e", "enqueue-after-commit")
    text = part.files["src/place.js"]
    assert text.partition("\n")[2] == f"{expected}}}\n"
    check(tmp_path, text)


@pytest.mark.parametrize("why", LEFT)
def test_a_job_that_is_not_understood_is_left_where_it_is(tmp_path: Path, why: str) -> None:
    assert not drafted(script(tmp_path, LEFT[why]))


def test_what_is_queued_later_is_typed_in_typescript(tmp_path: Path) -> None:
    body, _ = SCRIPTS["nothing is bound"]
    parcels.write(tmp_path)
    text = f"export async function place(id: number) {{\n{body}}}\n"
    ground = queued_early(ground_of(tmp_path), "src/place.ts", text, "jobs.add")
    assert "const afterCommit: Array<() => unknown> = [];" in drafted(ground)["src/place.ts"]


def changing(ground: repair.Ground, library: str) -> repair.Ground:
    """With a line that changes what the job needs."""
    path = ground.cause.locations[0].path
    place = RootLocation(path=path, line=2, role="change", text="")
    access = DataAccess(
        model="Order",
        table="orders",
        method="create",
        access="write",
        library=library,
        location=place.location,
    )
    return replace(
        ground,
        code=replace(ground.code, accesses=(access,), constraints=()),
        cause=replace(ground.cause, locations=(*ground.cause.locations, place)),
        reproduction=replace(ground.reproduction, constraint=None),
        symptom=replace(ground.symptom, constraint=None, table=None),
    )


def test_the_regression_test_holds_the_commit_until_a_worker_could_have_been_quicker(
    tmp_path: Path,
) -> None:
    ground = changing(script(tmp_path, SCRIPTS["nothing is bound"][0]), "kysely")
    title = "no worker is quicker than the commit that its job needs (orders)"
    _, text = repair.regression_test(ground)
    check(tmp_path, text)
    assert title in text and "CREATE CONSTRAINT TRIGGER" in text and "LOCK TABLE" not in text
    assert "DROP FUNCTION IF EXISTS hold_commits() CASCADE" in text
    assert "'rows in" not in text and title in repair.command_for(ground)
    folder = tmp_path / "python"
    folder.mkdir()
    _, text = repair.regression_test(changing(python(folder, SESSION), "sqlalchemy"))
    ast.parse(text)
    assert "CREATE CONSTRAINT TRIGGER" in text and "LOCK TABLE" not in text
    assert "def test_no_worker_is_quicker_than_the_commit_that_its_job_needs_orders():" in text


def of_django(ground: repair.Ground) -> repair.Ground:
    access = DataAccess(
        model="Order",
        table="orders",
        method="create",
        access="write",
        library="django",
        location=Location(path="shop/store.py", line=6),
    )
    return replace(ground, code=replace(ground.code, accesses=(access,)))


def python(root: Path, text: str) -> repair.Ground:
    before = shop.ground_of(root, "Parcel()\n")
    plain = replace(before, code=replace(before.code, accesses=()))
    return queued_early(plain, "shop/store.py", text, ".delay(")


def test_django_queues_when_it_has_committed(tmp_path: Path) -> None:
    text = drafted(of_django(python(tmp_path, DJANGO)))["shop/store.py"]
    ast.parse(text)
    assert "        transaction.on_commit(lambda: send.delay(order.pk))\n" in text
    again = DJANGO.replace("        send", "        order = order.pk\n        send")
    assert not drafted(of_django(python(tmp_path, again)))
    looped = DJANGO.replace("    with", "    for number in number:\n     with")
    assert not drafted(of_django(python(tmp_path, looped)))


def test_a_session_commits_before_the_job_is_queued(tmp_path: Path) -> None:
    text = drafted(python(tmp_path, SESSION))["shop/store.py"]
    assert "    session.flush()\n    session.commit()\n    send.delay(order.id)\n    return" in text
    waits = SESSION.replace("    session.commit()", "    await session.commit()")
    assert not drafted(python(tmp_path, waits.replace("def place", "async def place")))
