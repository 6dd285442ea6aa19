"""Calls on Sequelize's models."""

from __future__ import annotations

from pathlib import Path

from small_services import mapped

from redhanded.case.codemap import DataAccess


def accesses(tmp_path: Path, body: str) -> list[DataAccess]:
    files = {
        "src/a.js": "const { Sequelize, Op } = require('sequelize');\n"
        "const link = new Sequelize(process.env.URL);\n"
        "const Ticket = link.define('Ticket', { seatNo: { field: 'seat' }, showId: {} },"
        " { tableName: 'tickets', underscored: true });\n"
        f"async function run(id) {{\n{body}\n}}\nmodule.exports = {{ run }};\n"
    }
    found = list(mapped(tmp_path, files).accesses)
    return list(dict.fromkeys(found))


def test_where_columns_have_the_database_names(tmp_path: Path) -> None:
    (one,) = accesses(tmp_path, "await Ticket.findAll({ where: { seatNo: 1, showId: id } });")
    assert (one.table, one.columns, one.access) == ("tickets", ("seat", "show_id"), "read")


def test_transaction_and_lock_options_are_seen(tmp_path: Path) -> None:
    body = """await link.transaction(async (transaction) => {
      const options = { lock: transaction.LOCK.UPDATE, transaction };
      const row = await Ticket.findOne({ where: { id }, ...options });
      row.seatNo = 4;
      await row.save({ transaction });
      await Ticket.create({ showId: id });
    });"""
    found = {one.method: one for one in accesses(tmp_path, body)}
    assert found["findOne"].locked and found["findOne"].in_transaction
    assert found["save"].access == "write" and found["save"].in_transaction
    assert not found["create"].in_transaction  # it is not given the transaction


def test_find_or_create_reads_and_writes_by_its_where(tmp_path: Path) -> None:
    body = "const [t] = await Ticket.findOrCreate({ where: { seatNo: 1 } }); await t.destroy();"
    found = {one.method: one for one in accesses(tmp_path, body)}
    assert (found["findOrCreate"].access, found["findOrCreate"].columns) == (
        "read-write",
        ("seat",),
    )
    assert found["destroy"].table == "tickets"


def test_written_sql_names_its_tables(tmp_path: Path) -> None:
    body = "await link.query(`UPDATE tickets SET seat = ${id} WHERE show_id = 3`);"
    (one,) = accesses(tmp_path, body)
    assert (one.table, one.access, one.columns) == ("tickets", "write", ("show_id",))


def test_rows_made_from_a_list_of_a_job_name_their_columns(tmp_path: Path) -> None:
    files = {
        "src/a.js": "const { Sequelize } = require('sequelize');\n"
        "const Seat = new Sequelize('x').define('Seat', { rowNo: { field: 'row' } });\n"
        "const keep = (show) => Seat.bulkCreate(show.seats.map((s) => ({ rowNo: s.row })));\n"
        "const queue = new (require('bull'))('shows');\n"
        "queue.process(async (job) => keep(job.data));\n"
    }
    (one,) = list(mapped(tmp_path, files).accesses)
    assert one.columns == ("row",)


def test_a_call_of_the_same_name_on_something_else_is_not_an_access(tmp_path: Path) -> None:
    assert accesses(tmp_path, "await other.create({}); Object.create(null); id.findOne({});") == []
