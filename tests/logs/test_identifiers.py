from __future__ import annotations

import pytest

from redhanded.logs.identifiers import Identifier, canonical, identifiers, is_identifier
from redhanded.logs.record import Entry, Record, Scalar


@pytest.mark.parametrize(
    ("names", "key"),
    [
        (("jobId", "job_id", "job.id", "Job"), "job"),
        (("reqId", "requestId", "req.id", "x-request-id", "request_id"), "req"),
        (("data.parcelId", "parcel_id", "parcelId"), "parcel"),
        (("packageId",), "package"),
        (("barcode",), "barcode"),
        (("durationMs", "amountCents", "createdAt", "attempt", "pid", "err.parent.code"), None),
    ],
)
def test_spellings_of_one_field_are_one(names: tuple[str, ...], key: str | None) -> None:
    assert {canonical(name) for name in names} == {key}


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (17, True), ("17", True), ("px_3Nab", True), ("jo@example.com", True), ("deadbeef", True),
        (True, False), (1.5, False), ("shipped", False), ("two words 2", False), ("", False),
        ("/parcels/17", False), ("2025-01-02T10:00:00Z", False), ("35ms", False),
    ],
)  # fmt: skip
def test_which_values_name_things(value: Scalar, expected: bool) -> None:
    assert is_identifier(value) is expected


def test_reads_fields_messages_and_database_details() -> None:
    entry = Entry(fields={"reqId": "r-1", "msg": "Job 17 failed"}, message="Job 17 failed")
    text = (
        '{"reqId":"r-1","msg":"Job 17 failed","detail":"Key (parcel_code)=(P-9) already exists."}'
    )
    found = identifiers(Record(path="a", line=1, offset=0, text=text, source="a", entry=entry))
    assert found["req"] == Identifier("reqId", "r-1")
    assert found["job"].value == "17"
    assert found["parcelcode"].value == "P-9"
