"""What is read and written back by statements of their own gets a transaction around both."""

from __future__ import annotations

import ast
import subprocess
from dataclasses import replace
from pathlib import Path

import parcels
import pytest
import test_repair_python as shop
from lost_updates import read_then_written
from test_repair import check, ground_of

from redhanded.case.codemap import DataAccess, Enqueue
from redhanded.case.evidence import Location
from redhanded.case.fix import FixPart
from redhanded.hunt import repair

ALONE = {
    "knex": (
        """\
  const wallet = await db('wallets').where({ id }).first();
  if (!wallet) throw new Error('none');
  await db('wallets').where({ id }).update({ cents: wallet.cents + cents });
""",
        """\
  await db.transaction(async (trx) => {
    const wallet = await trx('wallets').where({ id }).first().forUpdate();
    if (!wallet) throw new Error('none');
    await trx('wallets').where({ id }).update({ cents: wallet.cents + cents });
  });
""",
    ),
    "knex on lines of its own": (
        """\
  const wallet = await db('wallets')
    .where({ id })
    .first();
  await db('wallets').where({ id }).update({ cents: wallet.cents + cents });
""",
        """\
  await db.transaction(async (trx) => {
    const wallet = await trx('wallets')
      .where({ id })
      .first()
      .forUpdate();
    await trx('wallets').where({ id }).update({ cents: wallet.cents + cents });
  });
""",
    ),
    "knex that is left with an answer": (
        """\
  if (id) {
    const wallet = await db('wallets').where({ id }).first();
    if (!wallet) return res.status(404).end();
    if (wallet.cents < cents) {
      res.status(409).json({ error: 'not enough' });
      return;
    }
    await db('wallets').where({ id }).update({ cents: wallet.cents - cents });
    res.status(201).end();
  }
""",
        """\
  if (id) {
    let goesOn = false;
    const answered = await db.transaction(async (trx) => {
      const wallet = await trx('wallets').where({ id }).first().forUpdate();
      if (!wallet) return res.status(404).end();
      if (wallet.cents < cents) {
        res.status(409).json({ error: 'not enough' });
        return;
      }
      await trx('wallets').where({ id }).update({ cents: wallet.cents - cents });
      goesOn = true;
    });
    if (!goesOn) return answered;
    res.status(201).end();
  }
""",
    ),
    "knex of an object": (
        """\
  const wallet = await this.knex('wallets').where({ id }).first();
  await this.knex('wallets').where({ id }).update({ cents: wallet.cents + cents });
  return wallet.id;
""",
        """\
  const wallet = await this.knex.transaction(async (trx) => {
    const wallet = await trx('wallets').where({ id }).first().forUpdate();
    await trx('wallets').where({ id }).update({ cents: wallet.cents + cents });
    return wallet;
  });
  return wallet.id;
""",
    ),
    "drizzle-orm": (
        """\
  const [wallet] = await db.select().from(wallets).where(eq(wallets.id, id));
  if (!wallet) return null;
  await db.update(wallets).set({ cents: wallet.cents + cents }).where(eq(wallets.id, id));
  return wallet.cents + cents;
""",
        """\
  return db.transaction(async (tx) => {
    const [wallet] = await tx.select().from(wallets).where(eq(wallets.id, id)).for('update');
    if (!wallet) return null;
    await tx.update(wallets).set({ cents: wallet.cents + cents }).where(eq(wallets.id, id));
    return wallet.cents + cents;
  });
""",
    ),
    "kysely": (
        """\
  let wallet = await db.selectFrom('wallets').selectAll().where('id', '=', id).executeTakeFirst();
  await db.updateTable('wallets').set({ cents: wallet.cents + cents }).execute();
  wallet = null;
""",
        """\
  let wallet = await db.transaction().execute(async (trx) => {
    let wallet = await trx.selectFrom('wallets').selectAll().where('id', '=', id)\
.forUpdate().executeTakeFirst();
    await trx.updateTable('wallets').set({ cents: wallet.cents + cents }).execute();
    return wallet;
  });
  wallet = null;
""",
    ),
    "sequelize": (
        """\
  const wallet = await Wallet.findByPk(id);

  wallet.cents += cents;
  await wallet.save();
  await answer(wallet);
""",
        """\
  const wallet = await Wallet.sequelize.transaction(async (transaction) => {
    const wallet = await Wallet.findByPk(id, { transaction, lock: true });

    wallet.cents += cents;
    await wallet.save({ transaction });
    return wallet;
  });
  await answer(wallet);
""",
    ),
    "sequelize with options": (
        """\
  const wallet = await Wallet.findOne({ where: { id } });
  await wallet.update({ cents: wallet.cents + cents }, { silent: true });
""",
        """\
  await Wallet.sequelize.transaction(async (transaction) => {
    const wallet = await Wallet.findOne({ transaction, where: { id }, lock: true });
    await wallet.update({ cents: wallet.cents + cents }, { transaction, silent: true });
  });
""",
    ),
    "typeorm": (
        """\
  const wallet = await this.wallets.findOneByOrFail({ id });
  wallet.cents += cents;
  await this.wallets.save(wallet);
""",
        """\
  await this.wallets.manager.transaction(async (manager) => {
    const wallet = await manager.withRepository(this.wallets).findOneOrFail(\
{ where: { id }, lock: { mode: 'pessimistic_write' } });
    wallet.cents += cents;
    await manager.withRepository(this.wallets).save(wallet);
  });
""",
    ),
    "typeorm manager": (
        """\
  const wallet = await entityManager.findOneBy(Wallet, { id });
  wallet.cents += cents;
  await entityManager.save(wallet);
""",
        """\
  await entityManager.transaction(async (manager) => {
    const wallet = await manager.findOne(Wallet, \
{ where: { id }, lock: { mode: 'pessimistic_write' } });
    wallet.cents += cents;
    await manager.save(wallet);
  });
""",
    ),
}
ALONE |= {
    "pg": (
        """\
  const { rows: [wallet] } = await pool.query('SELECT cents FROM wallets WHERE id = $1', [id]);
  if (!wallet) return null;
  await pool.query('UPDATE wallets SET cents = $1 WHERE id = $2', [wallet.cents + cents, id]);
  return wallet.cents + cents;
""",
        """\
  return inTransaction(pool, async (client) => {
    const { rows: [wallet] } = await client.query('SELECT cents FROM wallets WHERE id = $1 \
FOR UPDATE', [id]);
    if (!wallet) return null;
    await client.query('UPDATE wallets SET cents = $1 WHERE id = $2', [wallet.cents + cents, id]);
    return wallet.cents + cents;
  });
""",
    ),
    "pg in several lines": (
        """\
  const { rows: [wallet] } = await pool.query(`
    SELECT cents
      FROM wallets
     WHERE id = $1
  `, [id]);
  await pool.query('UPDATE wallets SET cents = $1 WHERE id = $2', [wallet.cents + cents, id]);
""",
        """\
  await inTransaction(pool, async (client) => {
    const { rows: [wallet] } = await client.query(`
    SELECT cents
      FROM wallets
     WHERE id = $1
     FOR UPDATE
  `, [id]);
    await client.query('UPDATE wallets SET cents = $1 WHERE id = $2', [wallet.cents + cents, id]);
  });
""",
    ),
    "pg-promise": (
        """\
  const wallet = await this.db.one('SELECT cents FROM wallets WHERE id = $1', [id]);
  await this.db.none('UPDATE wallets SET cents = $1 WHERE id = $2', [wallet.cents + cents, id]);
""",
        """\
  await this.db.tx(async (t) => {
    const wallet = await t.one('SELECT cents FROM wallets WHERE id = $1 FOR UPDATE', [id]);
    await t.none('UPDATE wallets SET cents = $1 WHERE id = $2', [wallet.cents + cents, id]);
  });
""",
    ),
    "postgres": (
        """\
  const [wallet] = await sql`SELECT cents FROM wallets WHERE id = ${id}`;
  await sql`UPDATE wallets SET cents = ${wallet.cents + cents} WHERE id = ${id}`;
  return wallet;
""",
        """\
  const wallet = await sql.begin(async (tx) => {
    const [wallet] = await tx`SELECT cents FROM wallets WHERE id = ${id} FOR UPDATE`;
    await tx`UPDATE wallets SET cents = ${wallet.cents + cents} WHERE id = ${id}`;
    return wallet;
  });
  return wallet;
""",
    ),
    "@prisma/client": (
        """\
  const wallet = await this.prisma.wallet.findUnique({ where: { id } });
  if (!wallet) throw new Error('none');
  await this.prisma.wallet.update({ where: { id }, data: { cents: wallet.cents + cents } });
""",
        """\
  await this.prisma.$transaction(async (tx) => {
    await tx.$queryRaw`SELECT 1 FROM "wallets" WHERE "wallet_id" = ${id} FOR UPDATE`;
    const wallet = await tx.wallet.findUnique({ where: { id } });
    if (!wallet) throw new Error('none');
    await tx.wallet.update({ where: { id }, data: { cents: wallet.cents + cents } });
  });
""",
    ),
}
PRISMA = """\
model Wallet {
  id    Int @id @map("wallet_id")
  cents Int

  @@map("wallets")
}
"""
BESIDE = {
    "another connection runs it": (
        "kysely",
        "  const wallet = await db.selectFrom('wallets').selectAll().executeTakeFirst();\n"
        "  await sql`UPDATE wallets SET cents = ${wallet.cents + 1}`.execute(db);\n",
    ),
    "the connection is handed on": (
        "knex",
        "  const wallet = await db('wallets').where({ id }).first();\n"
        "  await record(db, wallet.id);\n"
        "  await db('wallets').where({ id }).update({ cents: wallet.cents + 1 });\n",
    ),
    "somebody else is waited for": (
        "pg",
        "  const { rows } = await pool.query('SELECT cents FROM wallets WHERE id = $1', [id]);\n"
        "  await record(id);\n"
        "  await pool.query('UPDATE wallets SET cents = $1', [rows[0].cents + 1]);\n",
    ),
    "a method that is not known asks": (
        "sequelize",
        "  const wallet = await Wallet.findByPk(id);\n"
        "  await wallet.createEntry({ cents });\n"
        "  await wallet.update({ cents: wallet.cents + cents });\n",
    ),
    "the transaction's name is taken, sequelize": (
        "sequelize",
        "  const wallet = await Wallet.findByPk(id);\n"
        "  const transaction = wallet.cents;\n"
        "  await wallet.update({ cents: transaction + cents });\n",
    ),
    "the transaction's name is taken, typeorm": (
        "typeorm",
        "  const wallet = await this.wallets.findOneBy({ id });\n"
        "  wallet.by = manager.id;\n"
        "  await this.wallets.save(wallet);\n",
    ),
    "a source of repositories": (
        "typeorm",
        "  const wallet = await this.dataSource.getRepository(Wallet).findOneBy({ id });\n"
        "  await this.dataSource.getRepository(Wallet).save(wallet);\n",
    ),
    "a row that saves itself": (
        "typeorm",
        "  const wallet = await this.wallets.findOneBy({ id });\n  await wallet.save();\n",
    ),
    "a schema first": (
        "kysely",
        "  const wallet = await db.selectFrom('wallets').selectAll().executeTakeFirst();\n"
        "  await db.withSchema('a').transaction().execute(async (t) => {\n"
        "    await t.updateTable('wallets').set({ cents: 1 }).execute();\n"
        "  });\n",
    ),
    "several at once": (
        "@prisma/client",
        "  const wallet = await prisma.wallet.findUnique({ where: { id } });\n"
        "  await prisma.$transaction([prisma.wallet.update({ data: { cents: wallet.cents } })]);\n",
    ),
}
LEFT = {
    "an answer would be sent before": (
        "knex",
        "  const wallet = await db('wallets').where({ id }).first();\n"
        "  res.json(wallet);\n"
        "  await db('wallets').where({ id }).update({ cents: wallet.cents + 1 });\n",
    ),
    "what is declared is needed where an answer may have been sent": (
        "knex",
        "  const wallet = await db('wallets').where({ id }).first();\n"
        "  if (!wallet) return res.status(404).end();\n"
        "  await db('wallets').where({ id }).update({ cents: wallet.cents + 1 });\n"
        "  res.json(wallet);\n",
    ),
    "an error is caught inside": (
        "knex",
        "  const wallet = await db('wallets').where({ id }).first();\n"
        "  try {\n"
        "    await db('wallets').where({ id }).update({ cents: wallet.cents + 1 });\n"
        "  } catch (error) {}\n",
    ),
    "the name is taken": (
        "knex",
        "  const trx = await db('wallets').where({ id }).first();\n"
        "  await db('wallets').where({ id }).update({ cents: trx.cents + 1 });\n",
    ),
    "no options are seen": (
        "sequelize",
        "  const wallet = await Wallet.findByPk(id);\n"
        "  await wallet.update({ cents: 1 }, options);\n",
    ),
    "a client is asked, and no pool": (
        "pg",
        "  const { rows } = await client.query('SELECT cents FROM wallets WHERE id = $1', [id]);\n"
        "  await client.query('UPDATE wallets SET cents = $1', [rows[0].cents + 1]);\n",
    ),
}
DJANGO = """\
import logging

from django.http import JsonResponse

log = logging.getLogger(__name__)


def change(request, plate):
    if request.method != "POST":
        return None
    wallet = Wallet.objects.get(plate=plate)
    if wallet.cents < 5:

        return None
    wallet.cents -= 5
    wallet.save()
    notify(wallet)
"""


def script_ground(root: Path, body: str, library: str) -> repair.Ground:
    """A function with such a body; the wallet is read at its first line, and written further on."""
    parcels.write(root)
    head = "export async function change(id, cents, res, options) {\n"
    (root / "src/wallets.js").write_text(f"{head}{body}}}\n")
    (root / "schema.prisma").write_text(PRISMA)
    lines = body.splitlines()
    first = next(at for at, line in enumerate(lines, 2) if "wallet" in line)
    writes = ("update(", "updateTable(", "save(", "UPDATE")
    last = next(at for at, line in enumerate(lines) if any(each in line for each in writes))
    return read_then_written(
        ground_of(root),
        path="src/wallets.js",
        library=library,
        lines=(first, 2 + last),
        in_transaction=False,
        transaction=None,
    )


def drafted(ground: repair.Ground) -> FixPart | None:
    return next(iter(repair.draft(ground)), None)


@pytest.mark.parametrize("way", ALONE)
def test_read_and_write_stand_in_one_transaction(tmp_path: Path, way: str) -> None:
    body, expected = ALONE[way]
    part = drafted(script_ground(tmp_path, body, way.partition(" ")[0]))
    assert part is not None and part.title.startswith("Read and write the wallets row in one")
    text = part.files["src/wallets.js"]
    body, helper, more = text.partition("\n")[2].partition(
        "\nasync function inTransaction(pool, work)"
    )
    assert body == f"{expected}}}\n"
    by_hand = way.partition(" ")[0] == "pg"
    assert bool(helper) == by_hand and ("client.release();" in more) == by_hand
    check(tmp_path, text)
    (tmp_path / "p.diff").write_text(part.diff)
    subprocess.run(["git", "apply", "--check", "p.diff"], cwd=tmp_path, check=True)


@pytest.mark.parametrize("why", [*LEFT, *BESIDE])
def test_what_a_transaction_could_harm_is_left_alone(tmp_path: Path, why: str) -> None:
    library, body = (LEFT | BESIDE)[why]
    assert drafted(script_ground(tmp_path, body, library)) is None


def test_one_read_that_is_written_back_at_two_lines_gets_one_transaction(tmp_path: Path) -> None:
    body = (
        "  const wallet = await db('wallets').where({ id }).first();\n"
        "  if (wallet.cents > cents) {\n"
        "    await db('wallets').where({ id }).update({ cents: wallet.cents - cents });\n"
        "  } else {\n"
        "    await db('wallets').where({ id }).update({ cents: 0 });\n"
        "  }\n"
    )
    ground = script_ground(tmp_path, body, "knex")
    run = ground.reproduction.run
    assert run is not None
    last = run.operations[-1]
    other = replace(last, location=Location(path="src/wallets.js", line=6))
    run = replace(run, operations=(*run.operations[:-1], other))
    accesses = tuple(
        replace(ground.code.accesses[1], location=Location(path="src/wallets.js", line=line))
        for line in (4, 6)
    )
    part = drafted(
        replace(
            ground,
            code=replace(ground.code, accesses=(ground.code.accesses[0], *accesses)),
            reproduction=replace(ground.reproduction, run=run),
        )
    )
    assert part is not None
    text = part.files["src/wallets.js"]
    check(tmp_path, text)
    assert text.count("db.transaction(") == text.count("forUpdate") == 1
    assert text.count("await trx('wallets')") == 3


def test_a_call_with_a_type_is_a_call(tmp_path: Path) -> None:
    body = (
        "  const wallet = await db<Wallet>('wallets').where({ id }).first();\n"
        "  await db<Wallet>('wallets').where({ id }).update({ cents: 1 });\n"
    )
    ground = typed(tmp_path, body, "knex")
    text = ground and ground.files["src/wallets.ts"]
    assert text is not None and text.count("await trx<Wallet>('wallets')") == 2


def test_what_typescript_would_not_know_inside_is_left_alone(tmp_path: Path) -> None:
    body = (
        "  if (!res.user) throw new Error('who?');\n"
        "  const wallet = await db('wallets').where({ id: res.user.id }).first();\n"
        "  await db('wallets').update({ cents: wallet.cents + 1 });\n"
    )
    assert typed(tmp_path, body, "knex", (3, 4)) is None


def typed(root: Path, body: str, library: str, lines: tuple[int, int] = (2, 3)) -> FixPart | None:
    """What is drafted for the same function in TypeScript."""
    script_ground(root, body, library)
    (root / "src/wallets.js").rename(root / "src/wallets.ts")
    return drafted(
        read_then_written(
            ground_of(root),
            path="src/wallets.ts",
            library=library,
            lines=lines,
            in_transaction=False,
            transaction=None,
        )
    )


def test_a_helper_is_typed_in_typescript_and_stands_once(tmp_path: Path) -> None:
    body, _ = ALONE["pg"]
    script_ground(tmp_path, body, "pg")
    (tmp_path / "src/wallets.js").rename(tmp_path / "src/wallets.ts")
    ground = read_then_written(
        ground_of(tmp_path),
        path="src/wallets.ts",
        library="pg",
        lines=(2, 4),
        in_transaction=False,
        transaction=None,
    )
    part = drafted(ground)
    assert part is not None
    text = part.files["src/wallets.ts"]
    assert text.count("async function inTransaction<T>(pool: import('pg').Pool,") == 1


def test_prisma_takes_the_lock_by_a_statement_of_its_own(tmp_path: Path) -> None:
    body = (
        "  const wallet = await tx.wallet.findUniqueOrThrow({ where: { id } });\n"
        "  await tx.wallet.update({ where: { id }, data: { cents: wallet.cents + cents } });\n"
    )
    script_ground(tmp_path, body, "@prisma/client")
    inside = read_then_written(
        ground_of(tmp_path),
        path="src/wallets.js",
        library="@prisma/client",
        lines=(2, 3),
        transaction=4,
    )
    part = drafted(inside)
    assert part is not None and part.title == "Lock the wallets row when it is read"
    lock = 'await tx.$queryRaw`SELECT 1 FROM "wallets" WHERE "wallet_id" = ${id} FOR UPDATE`;'
    assert f"{{\n  {lock}\n  const wallet" in part.files["src/wallets.js"]


def test_a_condition_of_prisma_is_told_in_the_words_of_the_database(tmp_path: Path) -> None:
    body = (
        "  const wallet = await tx.wallet.findFirst({ where: { owner: id, closed: null } });\n"
        "  await tx.wallet.update({ where: { id }, data: { cents: wallet.cents + cents } });\n"
    )
    for more, asked in (
        ("String @db.Uuid", '"owner" = ${id}::uuid AND "closed" IS NULL FOR UPDATE'),
        ("Kind", None),
    ):
        script_ground(tmp_path, body, "@prisma/client")
        schema = PRISMA.replace("  cents Int", f"  owner {more}\n  closed DateTime?\n  cents Int")
        (tmp_path / "schema.prisma").write_text(schema)
        part = drafted(
            read_then_written(
                ground_of(tmp_path),
                path="src/wallets.js",
                library="@prisma/client",
                lines=(2, 3),
                transaction=4,
            )
        )
        assert (part is None) is (asked is None)
        assert part is None or str(asked) in part.files["src/wallets.js"]


def test_no_job_is_queued_in_a_transaction_that_was_not_there(tmp_path: Path) -> None:
    body, _ = ALONE["knex"]
    ground = script_ground(tmp_path, body, "knex")
    job = ground.code.enqueues[0]
    inside = Location(path="src/wallets.js", line=3)
    queued: Enqueue = replace(job, location=inside)
    assert drafted(replace(ground, code=replace(ground.code, enqueues=(queued,)))) is None


def test_every_call_of_another_table_is_told_of_the_transaction_too(tmp_path: Path) -> None:
    body = (
        "  const wallet = await Wallet.findByPk(id);\n"
        "  await wallet.update({ cents: wallet.cents + cents });\n"
        "  const entry = await Entry.create({ id, cents });\n"
        "  return entry.id;\n"
    )
    ground = script_ground(tmp_path, body, "sequelize")
    entry = DataAccess(
        model="Entry",
        table="entries",
        method="create",
        access="write",
        library="sequelize",
        location=Location(path="src/wallets.js", line=4),
    )
    accesses = (*ground.code.accesses, entry)
    part = drafted(replace(ground, code=replace(ground.code, accesses=accesses)))
    assert part is not None
    text = part.files["src/wallets.js"]
    assert "Entry.create({ id, cents });\n  return entry.id" in text
    early = body.replace(
        "  await wallet.update", "  if (!wallet) return null;\n  await wallet.update"
    )
    ground = script_ground(tmp_path, early, "sequelize")
    later = replace(entry, location=Location(path="src/wallets.js", line=5))
    accesses = (*ground.code.accesses, later)
    part = drafted(replace(ground, code=replace(ground.code, accesses=accesses)))
    assert part is not None
    text = part.files["src/wallets.js"]
    check(tmp_path, text)
    assert (
        "await Entry.create({ id, cents }, { transaction });\n    return entry.id;\n  });" in text
    )


def django_ground(root: Path, text: str = DJANGO) -> repair.Ground:
    ground = shop.ground_of(root, f"{text}    Parcel()\n")
    lines = text.splitlines()
    read = next(at for at, line in enumerate(lines, 1) if ".objects." in line)
    write = next(at for at, line in enumerate(lines, 1) if ".save()" in line)
    return read_then_written(
        ground,
        path="shop/store.py",
        library="django",
        lines=(read, write),
        in_transaction=False,
        transaction=None,
    )


def test_django_reads_and_writes_in_one_atomic_block(tmp_path: Path) -> None:
    part = drafted(django_ground(tmp_path))
    assert part is not None
    text = part.files["shop/store.py"]
    ast.parse(text)
    assert (
        "\n\nfrom django.db import transaction\nfrom django.http import JsonResponse\n\nlog" in text
    )
    block = text[text.index("    with") :]
    assert (
        block
        == """\
    with transaction.atomic():
        wallet = Wallet.objects.select_for_update().get(plate=plate)
        if wallet.cents < 5:

            return None
        wallet.cents -= 5
        wallet.save()
    notify(wallet)
    Parcel()
"""
    )


@pytest.mark.parametrize(
    ("read", "expected"),
    [
        (
            "get_object_or_404(Wallet, plate=plate) #.objects.",
            "get_object_or_404(Wallet.objects.select_for_update(), plate=plate)",
        ),
        (
            "Wallet.objects.select_related('owner').get(plate=plate)",
            "Wallet.objects.select_related('owner').select_for_update(of=(\"self\",)).get(",
        ),
    ],
)
def test_other_reads_of_django_are_locked(tmp_path: Path, read: str, expected: str) -> None:
    text = DJANGO.replace("Wallet.objects.get(plate=plate)", read)
    part = drafted(django_ground(tmp_path, text))
    assert part is not None and expected in part.files["shop/store.py"]


@pytest.mark.parametrize(
    "change",
    [
        (
            "    wallet = W",
            "    cents = request.POST.get('cents', 0)\n    wallet = load(plate)  # W",
        ),
        ("    wallet.cents -= 5\n", "    transaction = 5\n    wallet.cents -= transaction\n"),
        ("def change(", "async def change("),
        ("import logging", "from bank import transaction"),
        ("    wallet.cents -= 5\n", "    try:\n        f()\n    except E:\n        pass\n"),
    ],
)
def test_django_code_that_a_block_could_harm_is_left_alone(
    tmp_path: Path, change: tuple[str, str]
) -> None:
    text = DJANGO.replace(*change)
    assert text != DJANGO
    assert drafted(django_ground(tmp_path, text)) is None


def test_a_text_of_several_lines_stays_as_it_is(tmp_path: Path) -> None:
    text = DJANGO.replace("    wallet.cents -= 5\n", '    wallet.note = """a\nb"""\n')
    part = drafted(django_ground(tmp_path, text))
    assert part is not None
    expected = '        wallet.note = """a\nb"""\n        wallet.save()\n'
    assert expected in part.files["shop/store.py"]
