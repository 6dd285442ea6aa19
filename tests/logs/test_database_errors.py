from __future__ import annotations

import pytest

from redhanded.logs.database_errors import database_error


def test_fields_of_a_driver_come_first() -> None:
    fields = {
        "err.code": "ERR_X1",
        "err.parent.code": "23505",
        "err.parent.table": "parcels",
        "err.parent.constraint": "uq_parcels_code",
        "err.parent.detail": "Key (code)=(P-1) already exists.",
    }
    error = database_error("Validation error", fields)
    assert (error.sqlstate, error.table, error.constraint) == (
        "23505",
        "parcels",
        "uq_parcels_code",
    )
    assert error.detail == "Key (code)=(P-1) already exists."


@pytest.mark.parametrize(
    ("text", "sqlstate", "constraint", "table"),
    [
        (
            'duplicate key value violates unique constraint "uq_a"\nDETAIL:  Key (a)=(1) already',
            "23505", "uq_a", None,
        ),
        (
            'insert or update on table "parcels" violates foreign key constraint "fk_a"',
            "23503", "fk_a", "parcels",
        ),
        ('new row for relation "parcels" violates check constraint "ck"', "23514", "ck", "parcels"),
        (
            'null value in column "x" of relation "parcels" violates not-null constraint',
            "23502", None, "parcels",
        ),
        ("ERROR: deadlock detected", "40P01", None, None),
        ("could not serialize access due to concurrent update", "40001", None, None),
        ("asyncpg.exceptions.X: SQLSTATE: 55P03", "55P03", None, None),
        ("sqlalchemy.exc.IntegrityError: (psycopg2.errors.UniqueViolation)", "23505", None, None),
        ('relation "parcels" does not exist', "42P01", None, "parcels"),
        ("INSERT INTO parcels (a) failed: deadlock detected", "40P01", None, "parcels"),
        ("everything is fine", None, None, None),
    ],
)  # fmt: skip
def test_wording_of_the_server(
    text: str, sqlstate: str | None, constraint: str | None, table: str | None
) -> None:
    error = database_error(text, {})
    assert (error.sqlstate, error.constraint, error.table) == (sqlstate, constraint, table)


@pytest.mark.parametrize(
    ("text", "fields", "expected"),
    [
        ("job failed", {"err.code": "P2002"}, ("23505", None)),
        (
            "job failed",
            {"err.code": "P2002", "err.meta.driverAdapterError.cause.originalCode": "23P01"},
            ("23P01", None),
        ),
        ("Unique constraint failed on the fields: (`email`)", {}, ("23505", None)),
        ("Unique constraint failed on the constraint: `one_email`", {}, ("23505", "one_email")),
        ("Raised", {"code": "P0001"}, ("P0001", None)),
        ("Record not found", {"code": "P2025"}, (None, None)),
    ],
)
def test_codes_of_prisma_are_no_sqlstates(
    text: str, fields: dict[str, str], expected: tuple[str | None, str | None]
) -> None:
    error = database_error(text, fields)
    assert (error.sqlstate, error.constraint) == expected
