from __future__ import annotations

import json
import subprocess
from dataclasses import replace
from pathlib import Path

import parcels
import pytest

from redhanded.case.fix import FixPart
from redhanded.case.reproduction import Reproduction, RootCause
from redhanded.hunt import repair, suspect
from redhanded.hunt.repair import package, parts
from redhanded.lab.services import find_node
from redhanded.source import edit


def cause_of(root: Path, caught: Reproduction) -> RootCause:
    code = parcels.code_map(root)
    judged = suspect.judge(suspect.rank(parcels.symptom(), code), caught, None, code)
    cause = suspect.blame(judged, caught, code)
    assert cause is not None
    return cause


def ground_of(root: Path) -> repair.Ground:
    caught = parcels.reproduction()
    return repair.Ground(
        root=root,
        system=parcels.system(root),
        code=parcels.code_map(root),
        cause=cause_of(root, caught),
        reproduction=caught,
        symptom=parcels.symptom(),
    )


def drafted(root: Path) -> dict[str, FixPart]:
    return {each.key: each for each in repair.draft(ground_of(root))}


def check(root: Path, text: str, name: str = "checked.mjs") -> None:
    """Node parses it."""
    (root / name).write_text(text)
    subprocess.run([str(find_node()), "--check", name], cwd=root, check=True, capture_output=True)


def test_parts_of_the_plain_case(tmp_path: Path) -> None:
    found = drafted(parcels.write(tmp_path))
    assert set(found) == {"a", "b", "b2", "c2"}
    assert {key for key, each in found.items() if each.tempting} == {"b2", "c2"}
    for each in found.values():
        (tmp_path / "p.diff").write_text(each.diff)
        subprocess.run(["git", "apply", "--check", "p.diff"], cwd=tmp_path, check=True)


def test_job_is_named_by_the_value_that_both_deliveries_share(tmp_path: Path) -> None:
    text = drafted(parcels.write(tmp_path))["a"].files["src/intake.js"]
    check(tmp_path, text)
    assert (
        "    traceId: res.locals.trace,\n"
        "  }, {\n"
        "    jobId: notice.id,\n"
        "    removeOnComplete: { age: 7 * 24 * 60 * 60 },\n"
        "    removeOnFail: true,\n"
        "  });\n"
    ) in text


def test_data_that_only_the_measured_run_shows(tmp_path: Path) -> None:
    """The request's body is queued as it came: the source does not say what is in it."""
    start, end = (
        parcels.INTAKE.index("{\n    noticeKey"),
        parcels.INTAKE.index(");\n  return res.send"),
    )
    parcels.write(tmp_path, intake=parcels.INTAKE[:start] + "notice" + parcels.INTAKE[end:])
    ground = ground_of(tmp_path)
    unread = replace(ground.code.enqueues[0], data={})
    ground = replace(ground, code=replace(ground.code, enqueues=(unread,)))
    named = next(each for each in repair.draft(ground) if each.key == "a")
    assert "jobId: notice.noticeKey,\n" in named.files["src/intake.js"]


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (
            "{ attempts: 4, removeOnComplete: true }",
            ["attempts: 4,", "jobId: notice.id,", "removeOnComplete: { age"],
        ),
        ("labelOptions", ["...labelOptions,", "jobId: notice.id,"]),
    ],
)
def test_options_that_are_there_are_kept(tmp_path: Path, options: str, expected: list[str]) -> None:
    intake = parcels.INTAKE.replace("    traceId: res.locals.trace,\n  })", f"  }}, {options})")
    assert intake != parcels.INTAKE
    text = drafted(parcels.write(tmp_path, intake=intake))["a"].files["src/intake.js"]
    check(tmp_path, text)
    assert [each for each in expected if each not in text] == []
    assert "removeOnComplete: true" not in text


def test_named_job_gets_no_other_name(tmp_path: Path) -> None:
    intake = parcels.INTAKE.replace(
        "    traceId: res.locals.trace,\n  })", "  }, { jobId: notice.id })"
    )
    assert "a" not in drafted(parcels.write(tmp_path, intake=intake))


def test_data_in_a_variable_is_read_from_it(tmp_path: Path) -> None:
    intake = parcels.INTAKE.replace(
        "  await shipping.add('label', {\n    noticeKey: notice.id,\n"
        "    tracking: notice.tracking,\n"
        "    traceId: res.locals.trace,\n  });\n",
        "  const work = build(notice);\n  await shipping.add('label', work);\n",
    )
    assert "work" in intake
    text = drafted(parcels.write(tmp_path, intake=intake))["a"].files["src/intake.js"]
    assert "jobId: work.noticeKey," in text


def test_find_or_create_stands_on_the_violated_columns_through_field_names(tmp_path: Path) -> None:
    text = drafted(parcels.write(tmp_path))["b"].files["src/store.js"]
    check(tmp_path, text)
    assert (
        "  const [parcel, created] = await Parcel.findOrCreate({\n"
        "    where: { barcode: barcodeOf(notice.tracking) },\n"
        "    defaults: {\n"
        "      trackingCode: notice.tracking,\n"
        "    },\n"
        "  });\n"
        "  if (!created) return parcel;\n"
    ) in text


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (
            "  return Parcel.create(values, { transaction: t });",
            "return Parcel.findOrCreate({\n    where: { barcode: values.barcode },\n"
            "    defaults: values,\n    transaction: t,\n  }).then(([row]) => row);",
        ),
        (
            "  await Parcel.create(values, options);",
            "  await Parcel.findOrCreate({\n    where: { barcode: values.barcode },\n"
            "    defaults: values,\n    ...options,\n  });",
        ),
        (
            "  let p;\n  p = await Parcel.create({ barcode });",
            "p = (await Parcel.findOrCreate({\n    where: { barcode },\n  }))[0];",
        ),
        (
            "  const p = await Parcel.create({ barcode, created });\n  await log(p);\n"
            "  return { id: p.id, ok: true };",
            "const [p, wasCreated] = await Parcel.findOrCreate({\n    where: { barcode },\n"
            "    defaults: { created },\n  });\n  if (!wasCreated) return { id: p.id, ok: true };",
        ),
        (
            "  const p = await Parcel.create({ barcode });\n  const n = await log(p);\n"
            "  return { p, n };",
            "const [p] = await Parcel.findOrCreate({\n    where: { barcode },\n  });\n"
            "  const n = await log(p);",
        ),
    ],
)
def test_find_or_create_in_other_shapes(tmp_path: Path, body: str, expected: str) -> None:
    head = "import { Parcel } from './models.js';\n\n\nasync function storeParcel(values) {\n"
    lead = body.split("Parcel.create")[0].count("\n")
    store = head.replace("\n\n\n", "\n" * (3 - lead), 1) + body + "\n}\n"
    assert (
        store.splitlines()[parcels.CREATE.line - 1]
        .strip()
        .startswith(("return Parcel", "await Parcel", "p = await", "const p ="))
    )
    text = drafted(parcels.write(tmp_path, store=store))["b"].files["src/store.js"]
    check(tmp_path, text)
    assert expected in text


def test_unknown_value_of_the_column_gives_no_part(tmp_path: Path) -> None:
    store = parcels.STORE.replace("    barcode: barcodeOf(notice.tracking),\n", "")
    assert "b" not in drafted(parcels.write(tmp_path, store=store))


def test_migration_takes_the_next_number_and_names_the_rows(tmp_path: Path) -> None:
    part = drafted(parcels.write(tmp_path))["c2"]
    ((path, text),) = part.files.items()
    assert path == "db/migrations/008-add-unique-index-to-parcels-tracking-code.cjs"
    check(tmp_path, text, "checked.cjs")
    assert "CREATE UNIQUE INDEX CONCURRENTLY" in text and "lock_timeout" in text
    assert text.index("refuseDuplicates(sequelize);") < text.index("CREATE UNIQUE INDEX")


def test_subsets_leave_out_what_excludes_each_other(tmp_path: Path) -> None:
    parts = tuple(drafted(parcels.write(tmp_path)).values())
    found = repair.subsets(parts)
    assert len(found) == len(set(found)) == 11
    assert not any({"b", "b2"} <= set(each) for each in found)
    assert ("a", "b", "c2") in found


def test_parts_in_one_file_come_together(tmp_path: Path) -> None:
    parcels.write(tmp_path)
    parts = drafted(tmp_path)
    one = FixPart(
        key="x",
        remedy="x",
        title="",
        why="",
        files={"src/store.js": "// first\n" + parcels.STORE},
        diff="",
    )
    text = repair.combine(tmp_path, [parts["a"], parts["b"], one])["src/store.js"]
    assert text == "// first\n" + parts["b"].files["src/store.js"]


def test_planted_check_stands_before_everything_that_takes_time(tmp_path: Path) -> None:
    parcels.write(tmp_path)
    part = repair.plant(ground_of(tmp_path))
    assert part is not None
    text = part.files["src/store.js"]
    check(tmp_path, text)
    assert "findOne({ where: { barcode: barcodeOf(notice.tracking) } })" in text
    assert text.index("if (existing) return existing;") < text.index("Parcel.create(")


@pytest.mark.parametrize("runner", ["mocha", "jest", "vitest", "node --test"])
def test_regression_test_fits_the_target(tmp_path: Path, runner: str) -> None:
    package = parcels.FILES["package.json"].replace("mocha --recursive spec", runner)
    parcels.write(tmp_path, package=package)
    ground = ground_of(tmp_path)
    path, text = repair.regression_test(ground)
    assert path == "spec/parcels-concurrent-delivery.spec.js"
    check(tmp_path, text)
    assert "import pg from 'pg'" in text and "require(" not in text
    assert "LOCK TABLE" in text and "samples/notice.json" in text
    assert "host: process.env.PG_HOST, database: process.env.PG_NAME" in text
    assert "'x-hub-signature-256': `sha256=${hmac(payload)}`" in text
    assert """count(*)::int AS n FROM "parcels" WHERE "tracking_code"::text = $1""" in text
    assert "`TRK${unique}`" in text
    assert ("from 'vitest'" in text) == (runner == "vitest")
    assert runner.split()[0] in repair.command_for(ground)


@pytest.mark.parametrize(
    ("scripts", "expected"),
    [
        ({"test": "tsx --test test/*.ts"}, "npx tsx --test test/a.test.ts"),
        (
            {"test": "node -r ts-node/register --test test"},
            "node --require ts-node/register --test test/a.test.ts",
        ),
        ({"test": "tsc && node --test dist/test"}, "tsc && node --test dist/test/a.test.js"),
        (
            {"pretest": "tsc", "test": "node --test 'build/test/*.test.js'"},
            "npm run --silent pretest && node --test build/test/a.test.js",
        ),
        ({"test": "node --test"}, "node --test test/a.test.ts"),
    ],
)
def test_typescript_is_run_as_the_script_of_the_project_does(
    tmp_path: Path, scripts: dict[str, str], expected: str
) -> None:
    (tmp_path / "package.json").write_text(json.dumps({"scripts": scripts}))
    assert package.test_command(tmp_path, "test/a.test.ts", "a") == expected


@pytest.mark.parametrize("runner", ["jest", "node --test dist/spec"])
def test_a_regression_test_in_typescript_runs_wherever_it_is_compiled_to(
    tmp_path: Path, runner: str
) -> None:
    """Modules of either kind: nothing in it asks where the file lies."""
    parcels.write(
        tmp_path, package=parcels.FILES["package.json"].replace("mocha --recursive spec", runner)
    )
    for each in list((tmp_path / "spec").iterdir()):
        each.rename(each.with_suffix(".ts"))
    path, text = repair.regression_test(ground_of(tmp_path))
    assert path == "spec/parcels-concurrent-delivery.spec.ts"
    assert "import.meta" not in text and "__dirname" not in text
    assert f"const SELF = '{path}'" in text


class Meeting:
    name = "row-lock"

    def parts(self, ground: repair.Ground) -> tuple[FixPart, ...]:
        del ground
        source = edit.read("await look();", "src/store.js")
        twice = edit.Edit(start=0, end=5, text="")
        edit.apply(source, (twice, edit.Edit(start=4, end=6, text="")))
        return ()


def test_a_remedy_whose_edits_meet_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ground = ground_of(parcels.write(tmp_path))
    assert repair.refused(ground) == ()
    drafted = repair.draft(ground)
    monkeypatch.setattr(parts, "REMEDIES", (Meeting(), *parts.REMEDIES))
    assert repair.draft(ground) == drafted
    (said,) = repair.refused(ground)
    assert "row-lock" in said
    assert "src/store.js overlap" in said
