"""What is drafted for a service that writes its rows with Prisma."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import parcels
import pytest

from redhanded.case.codemap import UniqueConstraint
from redhanded.case.evidence import Location
from redhanded.case.fix import FixPart
from redhanded.case.hypothesis import RootLocation
from redhanded.case.operation import Operation, Touch
from redhanded.case.reproduction import RootCause
from redhanded.hunt import repair
from redhanded.hunt.repair import event_identity, prisma_schema, tested

SCHEMA = """\
model Parcel {
  id       Int    @id @default(autoincrement())
  barcode  String @map("bar_code_v2")
  depot    String
  tracking String @unique
  events   Event[]

  @@unique([barcode, depot(sort: Desc)], map: "one_parcel")
  @@map("parcels")
}
"""
HEAD = "import { prisma } from './db.js';\nimport { barcodeOf } from './barcode.js';\n\n"
STORE = """\
export async function storeParcel(notice) {
  const parcel = await prisma.parcel.create({
    data: {
      barcode: notice.barcode,
      depot: notice.depot,
    },
  });
  await prisma.event.create({ data: { parcelId: parcel.id } });
  return parcel;
}
"""


def ground(root: Path, store: str, *, columns: tuple[str, ...]) -> repair.Ground:
    """The parcel service with its rows written by Prisma; the store begins with two imports."""
    parcels.write(root, store=HEAD + store)
    (root / "schema.prisma").write_text(SCHEMA)
    line = 1 + next(
        number
        for number, text in enumerate((HEAD + store).splitlines())
        if "prisma.parcel." in text and ".find" not in text
    )
    code = parcels.code_map(root)
    moved = [
        replace(each, library="@prisma/client", location=replace(each.location, line=line))
        if each.access == "write"
        else each
        for each in code.accesses
    ]
    unique = replace(code.constraints[0], columns=columns)
    known = replace(code, accesses=tuple(moved), constraints=(unique,))
    caught = parcels.reproduction()
    place = RootLocation(path="src/store.js", line=line, role="create", text="")
    cause = RootCause(mechanism="check-then-create", title="", sentence="", locations=(place,))
    return repair.Ground(
        root=root,
        system=parcels.system(root),
        code=known,
        cause=cause,
        reproduction=caught,
        symptom=parcels.symptom(),
    )


def part_of(root: Path, store: str, *columns: str) -> FixPart | None:
    found = repair.draft(ground(root, store, columns=columns or ("bar_code_v2", "depot")))
    return next((each for each in found if each.key == "b"), None)


def test_the_schema_says_fields_and_how_keys_are_called(tmp_path: Path) -> None:
    (tmp_path / "schema.prisma").write_text(SCHEMA)
    model = prisma_schema.model_of(tmp_path, "parcels")
    assert model is not None and model.name == "Parcel"
    assert model.fields["bar_code_v2"] == "barcode" and "events" not in model.fields
    assert model.key_of(("depot", "bar_code_v2")) == (("barcode", "depot"), "barcode_depot")
    assert model.key_of(("tracking",)) == (("tracking",), "tracking")
    assert model.key_of(("depot",)) is None


def test_the_row_is_added_once_and_the_other_is_answered(tmp_path: Path) -> None:
    found = part_of(tmp_path, STORE)
    assert found is not None
    assert (
        "  const [parcel] = await prisma.parcel.createManyAndReturn({\n"
        "    data: [{\n"
        "      barcode: notice.barcode,\n"
        "      depot: notice.depot,\n"
        "    }],\n"
        "    skipDuplicates: true,\n"
        "  });\n"
        "  if (!parcel) {\n"
        "    const taken = await prisma.parcel.findUniqueOrThrow({\n"
        "      where: { barcode_depot: { barcode: notice.barcode, depot: notice.depot } },\n"
        "    });\n"
        "    return taken;\n"
        "  }\n"
    ) in found.files["src/store.js"]


def test_who_looked_answers_as_after_the_look(tmp_path: Path) -> None:
    looks = (
        "(notice) {\n"
        "  const known = await prisma.parcel.findFirst({ where: { barcode: notice.barcode } });\n"
        "  if (known) {\n    return { known, isNew: false, id: known.id };\n  }\n"
    )
    store = STORE.replace("(notice) {\n", looks).replace(
        "return parcel;", "return { known: parcel, isNew: true, id: parcel.id };"
    )
    found = part_of(tmp_path, store)
    assert found is not None
    text = found.files["src/store.js"]
    assert "    return { known: taken, isNew: false, id: taken.id };\n" in text
    wrong = repair.plant(ground(tmp_path, store, columns=("bar_code_v2", "depot")))
    assert wrong is not None
    early = "if (existing) return { known: existing, isNew: false, id: existing.id };"
    assert early in wrong.files["src/store.js"]


@pytest.mark.parametrize(
    ("call", "columns", "expected"),
    [
        (
            "return prisma.parcel.create({ data: { tracking, depot } });",
            ("tracking",),
            "return prisma.parcel.upsert({\n    where: { tracking },\n"
            "    create: { tracking, depot },\n    update: { tracking },\n  });",
        ),
        (
            "await prisma.parcel.create({ data: values, select: { id: true } });",
            ("bar_code_v2", "depot"),
            "await prisma.parcel.upsert({\n    where: { barcode_depot: { barcode: values.barcode, "
            "depot: values.depot } },\n    create: values,\n"
            "    update: { barcode: values.barcode },\n    select: { id: true },\n  });",
        ),
        (
            "return prisma.parcel.upsert({ where: { tracking: n.t }, create: n, update: {} });",
            ("tracking",),
            "upsert({ where: { tracking: n.t }, create: n, update: { tracking: n.t } });",
        ),
    ],
)
def test_one_statement_in_other_shapes(
    tmp_path: Path, call: str, columns: tuple[str, ...], expected: str
) -> None:
    found = part_of(tmp_path, f"async function store(n) {{\n  {call}\n}}\n", *columns)
    assert found is not None
    assert expected in found.files["src/store.js"]


@pytest.mark.parametrize(
    ("call", "columns"),
    [
        ("return prisma.parcel.create({ data: { depot } });", ("tracking",)),
        ("return prisma.parcel.create({ data: { depot: 1 } });", ("depot",)),
        (
            "return prisma.parcel.create({ data: { tracking, yard: { connect: { id } } } });",
            ("tracking",),
        ),
        (
            "return prisma.parcel.create({ data: { tracking }, include: { a: true } });",
            ("tracking",),
        ),
        (
            "return prisma.parcel.upsert({ where: { id: 1 }, create: n, update: {} });",
            ("tracking",),
        ),
        (
            "return prisma.parcel.upsert({ where: { tracking }, create: n, update: { depot } });",
            ("tracking",),
        ),
    ],
)
def test_what_would_not_be_one_statement_gets_no_part(
    tmp_path: Path, call: str, columns: tuple[str, ...]
) -> None:
    assert part_of(tmp_path, f"async function store(n) {{\n  {call}\n}}\n", *columns) is None


def test_a_planted_check_looks_as_prisma_does(tmp_path: Path) -> None:
    found = repair.plant(ground(tmp_path, STORE, columns=("bar_code_v2", "depot")))
    assert found is not None
    text = found.files["src/store.js"]
    assert (
        "prisma.parcel.findFirst({ where: { barcode: notice.barcode, depot: notice.depot }" in text
    )


def test_leaves_of_what_is_queued() -> None:
    text = (
        'add x {\\"a\\":{\\"id\\":\\"p1\\",\\"n\\":{\\"k\\":2}},\\"at\\":\\"t\\"} {"attempts":3,"a'
    )
    assert list(event_identity.leaves(text)) == [
        ("a.id", "p1"),
        ("a.n.k", "2"),
        ("at", "t"),
        ("attempts", "3"),
    ]


def test_a_job_is_named_by_all_that_the_database_holds_once(tmp_path: Path) -> None:
    intake = parcels.INTAKE.replace("    noticeKey: notice.id,\n", "    parcel,\n").replace(
        "    tracking: notice.tracking,\n", ""
    )
    parcels.write(tmp_path, intake=intake)
    caught = parcels.reproduction()
    assert caught.run is not None
    row = (("bar_code_v2", "TRK9f3"), ("depot", "north-9f3"))
    added = Touch(service="db", resource="parcels", access="write", row=row)

    def with_row(one: Operation) -> Operation:
        if "noticeKey" in one.text:
            data = '{"parcel":{"tracking":"TRK9f3","depot":"north-9f3"},"traceId":"%s"}'
            return replace(one, text=data % one.name.task)
        return replace(one, touches=(added,)) if one.touches else one

    run = replace(caught.run, operations=tuple(map(with_row, caught.run.operations)))
    code = parcels.code_map(tmp_path)
    unique = replace(code.constraints[0], columns=("bar_code_v2", "depot"))
    given = ground(tmp_path, STORE, columns=("bar_code_v2", "depot"))
    parcels.write(tmp_path, intake=intake)
    place = RootLocation(path="src/intake.js", line=parcels.ENQUEUE.line, role="enqueue", text="")
    asked = replace(
        given,
        code=replace(code, constraints=(unique,)),
        cause=replace(given.cause, locations=(place,)),
        reproduction=replace(caught, run=run),
    )
    (found,) = [each for each in repair.draft(asked) if each.key == "a"]
    assert "jobId: `${parcel.tracking}-${parcel.depot}`," in found.files["src/intake.js"]


def test_rows_are_counted_by_what_every_attempt_wrote(tmp_path: Path) -> None:
    """Each attempt draws a key of its own, which looks like a part that is new in each trial."""
    body = {"id": "{unique}", "mail": "{unique}@example.com"}
    given = ground(tmp_path, STORE, columns=("mail",))
    system = replace(
        given.system, workload=(replace(given.system.workload[0], body=body),), invariants=()
    )
    caught = given.reproduction
    assert caught.run is not None

    def with_row(one: Operation) -> Operation:
        row = (("id", f"2f8c175b-{one.index}"), ("mail", "9f3@example.com"))
        added = Touch(service="db", resource="parcels", access="write", row=row)
        return replace(one, touches=(added,)) if one.name.kind == "INSERT" else one

    run = replace(caught.run, operations=tuple(map(with_row, caught.run.operations)))
    asked = replace(given, system=system, reproduction=replace(caught, run=run))
    assert tested.counted(asked, "parcels") == ("mail", "{unique}@example.com")
    no_key = replace(asked, code=replace(asked.code, constraints=()))
    assert tested.counted(no_key, "parcels") == ("mail", "{unique}@example.com")


def test_without_a_key_yet_the_row_is_found_by_its_fields(tmp_path: Path) -> None:
    """The schema is given the key, and the client that is generated knows no name for it."""
    before = ground(tmp_path, STORE, columns=("bar_code_v2", "depot"))
    schema = SCHEMA.replace('  @@unique([barcode, depot(sort: Desc)], map: "one_parcel")\n', "")
    (tmp_path / "schema.prisma").write_text(schema)
    accesses = tuple(
        replace(each, columns=("bar_code_v2", "depot")) if each.access == "read" else each
        for each in before.code.accesses
    )
    table = UniqueConstraint(
        table="parcels",
        columns=("id",),
        name="parcels_pkey",
        location=Location(path="schema.prisma", line=1),
        source="model",
    )
    look = RootLocation(path="src/intake.js", line=5, role="look-up", text="")
    cause = replace(before.cause, locations=(look, *before.cause.locations))
    bare = replace(
        before,
        code=replace(before.code, accesses=accesses, constraints=(table,)),
        cause=cause,
        symptom=replace(before.symptom, constraint=None),
        reproduction=replace(before.reproduction, constraint=None),
    )
    found = {each.key: each for each in repair.draft(bare)}
    assert '@@unique([barcode, depot], map: "uq_parcels_' in found["c"].files["schema.prisma"]
    text = found["b"].files["src/store.js"]
    assert "skipDuplicates: true" in text
    assert (
        "await prisma.parcel.findFirstOrThrow({\n"
        "      where: { barcode: notice.barcode, depot: notice.depot },\n"
    ) in text
    assert found["b"].needs == ("c",)
    assert repair.subsets(tuple(found.values())) == (("c",), ("b", "c"))
