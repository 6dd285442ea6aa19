"""Rows that are locked when they are read, in the words of each library of JavaScript."""

from __future__ import annotations

import subprocess
from dataclasses import replace
from pathlib import Path

import parcels
import pytest
from lost_updates import read_then_written
from test_repair import check, ground_of

from redhanded.case.system import Delivery
from redhanded.hunt import repair

READS = {
    "sequelize": (
        "Wallet.findByPk(id, { transaction: t })",
        "Wallet.findByPk(id, { transaction: t, lock: true })",
    ),
    "sequelize of its own accord": ("Wallet.findByPk(id)", "Wallet.findByPk(id, { lock: true })"),
    "sequelize on lines of their own": (
        "Wallet.findOne({\n    where: { id },\n    transaction: t,\n  })",
        "Wallet.findOne({\n    where: { id },\n    transaction: t,\n    lock: true,\n  })",
    ),
    "sequelize with what belongs to it": (
        "Wallet.findOne({ where: { id }, include: [Owner], transaction: t })",
        "Wallet.findOne({ where: { id }, include: [Owner], transaction: t, "
        "lock: { level: 'UPDATE', of: Wallet } })",
    ),
    "sequelize reads again": (
        "wallet.reload({ transaction: t })",
        "wallet.reload({ transaction: t, lock: true })",
    ),
    "typeorm": (
        "manager.findOne(Wallet, { where: { id } })",
        "manager.findOne(Wallet, { where: { id }, lock: { mode: 'pessimistic_write' } })",
    ),
    "typeorm by": (
        "manager.findOneByOrFail(Wallet, { id })",
        "manager.findOneOrFail(Wallet, { where: { id }, lock: { mode: 'pessimistic_write' } })",
    ),
    "typeorm builder": (
        "wallets.createQueryBuilder('w').where('w.id = :id', { id }).getOne()",
        "wallets.createQueryBuilder('w').where('w.id = :id', { id })"
        ".setLock('pessimistic_write').getOne()",
    ),
    "knex": (
        "trx('wallets').where({ id }).first()",
        "trx('wallets').where({ id }).first().forUpdate()",
    ),
    "knex on lines of their own": (
        "trx('wallets')\n    .where({ id })\n    .first()",
        "trx('wallets')\n    .where({ id })\n    .first()\n    .forUpdate()",
    ),
    "drizzle-orm": (
        "tx.select().from(wallets).where(eq(wallets.id, id))",
        "tx.select().from(wallets).where(eq(wallets.id, id)).for('update')",
    ),
    "kysely": (
        "trx.selectFrom('wallets').selectAll().where('id', '=', id).executeTakeFirst()",
        "trx.selectFrom('wallets').selectAll().where('id', '=', id).forUpdate().executeTakeFirst()",
    ),
    "pg": (
        "client.query('SELECT cents FROM wallets WHERE id = $1;', [id])",
        "client.query('SELECT cents FROM wallets WHERE id = $1 FOR UPDATE;', [id])",
    ),
    "pg on lines of its own": (
        "client.query(`\n    SELECT cents FROM wallets\n    WHERE id = $1\n  `, [id])",
        "    WHERE id = $1\n    FOR UPDATE\n  `, [id])",
    ),
    "pg with a name": (
        "client.query({ text: 'SELECT cents FROM wallets WHERE id = $1', values: [id] })",
        "'SELECT cents FROM wallets WHERE id = $1 FOR UPDATE', values",
    ),
    "pg-promise": (
        "t.one('SELECT cents FROM wallets WHERE id = $1', [id])",
        "t.one('SELECT cents FROM wallets WHERE id = $1 FOR UPDATE', [id])",
    ),
    "postgres": (
        "sql`SELECT cents FROM wallets WHERE id = ${id}`",
        "sql`SELECT cents FROM wallets WHERE id = ${id} FOR UPDATE`",
    ),
}
NOT_ON_ROWS = {
    "sequelize": "Wallet.findByPk(id, { transaction: t, lock: t.LOCK.UPDATE })",
    "sequelize with options from elsewhere": "Wallet.findByPk(id, options)",
    "sequelize sum": "Wallet.findOne({ attributes: [[fn('SUM', col('cents')), 'cents']] })",
    "typeorm with an outer join": "manager.findOne(Wallet, { relations: ['owner'] })",
    "typeorm builder": "wallets.createQueryBuilder('w').setLock('pessimistic_read').getOne()",
    "knex sum": "trx('wallets').where({ id }).sum('cents')",
    "knex": "trx('wallets').where({ id }).forShare()",
    "knex handed on": "trx('wallets').where({ id }).then(([row]) => row)",
    "drizzle-orm": "tx.query.wallets.findFirst({ where: eq(wallets.id, id) })",
    "pg": "client.query('SELECT sum(cents) FROM wallets WHERE owner = $1', [id])",
    "pg locked": "client.query('SELECT cents FROM wallets WHERE id = $1 FOR NO KEY UPDATE', [id])",
    "pg from elsewhere": "client.query(READ, [id])",
    "postgres": "sql`SELECT count(*) FROM wallets`",
    "prisma": "tx.wallet.findUnique({ where: { id } })",
}


def wallet_ground(
    root: Path, read: str, library: str, transaction: int | None = 1
) -> repair.Ground:
    """A program that reads a wallet in such a way and saves it."""
    parcels.write(root)
    text = (
        "export async function change(manager, id) {\n"
        f"  const wallet = await {read};\n"
        "  await save(wallet);\n"
        "}\n"
    )
    (root / "src/wallets.js").write_text(text)
    return read_then_written(
        ground_of(root),
        path="src/wallets.js",
        library=library,
        lines=(2, 2 + read.count("\n") + 1),
        transaction=transaction,
    )


def library(way: str) -> str:
    return way.partition(" ")[0]


@pytest.mark.parametrize("way", READS)
def test_the_row_that_is_written_back_is_locked_when_it_is_read(tmp_path: Path, way: str) -> None:
    read, expected = READS[way]
    (part,) = repair.draft(wallet_ground(tmp_path, read, library(way)))
    assert (part.key, part.remedy) == ("d", "row-lock") and "src/wallets.js:2" in part.why
    text = part.files["src/wallets.js"]
    assert expected in text
    (tmp_path / "p.diff").write_text(part.diff)
    subprocess.run(["git", "apply", "--check", "p.diff"], cwd=tmp_path, check=True)
    check(tmp_path, text)


@pytest.mark.parametrize("way", NOT_ON_ROWS)
def test_what_cannot_be_locked_is_left_alone(tmp_path: Path, way: str) -> None:
    assert repair.draft(wallet_ground(tmp_path, NOT_ON_ROWS[way], library(way))) == ()


def test_no_lock_where_it_would_be_gone_before_the_write(tmp_path: Path) -> None:
    """Outside a transaction every statement is one of its own."""
    read, _ = READS["pg"]
    assert repair.draft(wallet_ground(tmp_path, read, "pg", transaction=None)) == ()


def test_requests_of_two_kinds_are_sent_at_once_after_what_they_wait_for(tmp_path: Path) -> None:
    ground = wallet_ground(tmp_path, READS["pg"][0], "pg")
    first = replace(ground.system.workload[0], capture={"wallet": "wallet.id"}, deliveries=1)
    load = Delivery(name="load", to="web", path="/{wallet}/loads", after=first.name, body={"n": 1})
    stay = replace(load, name="stay", path="/{wallet}/stays", expect=202)
    one = replace(ground, system=replace(ground.system, workload=(first, load, stay)))
    path, text = repair.regression_test(one)
    check(tmp_path, text)
    assert path == "spec/wallets-concurrent-delivery.spec.js"
    title = "requests that come at once leave what must hold whole (wallets)"
    assert title in text and title in repair.command_for(one)
    before = text[text.index("const BEFORE = ") : text.index("const TOGETHER = ")]
    sent = text[text.index("const TOGETHER = ") : text.index("const STEP_MS")]
    assert "wallet.id" in before and "sign: {" in before
    assert (
        "/loads" in sent and "/stays" in sent and "expect: 202" in sent and first.path not in sent
    )
    assert "'sha256'" in text and "rows[0].n, 1" not in text and "REQUEST" not in text


def test_one_request_that_is_sent_several_times_needs_no_steps(tmp_path: Path) -> None:
    ground = wallet_ground(tmp_path, READS["pg"][0], "pg")
    _, text = repair.regression_test(ground)
    check(tmp_path, text)
    assert "const REQUEST = " in text and "BEFORE" not in text
    assert "one event delivered 5 times at once" in repair.command_for(ground)


def test_a_request_that_waits_for_another_is_sent_after_it(tmp_path: Path) -> None:
    ground = wallet_ground(tmp_path, READS["pg"][0], "pg")
    first = replace(ground.system.workload[0], deliveries=1, sign=None)
    again = Delivery(name="load", to="web", path="/loads", after=first.name, deliveries=2)
    one = replace(ground, system=replace(ground.system, workload=(first, again)))
    _, text = repair.regression_test(one)
    check(tmp_path, text)
    sent = text[text.index("const TOGETHER = ") : text.index("const STEP_MS")]
    assert sent.count("/loads") == 5 and "hmac" not in text
    assert "one event delivered 5 times at once" in repair.command_for(one)
