from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from redhanded.case.errors import InputError
from redhanded.source import edit
from redhanded.source.edit import Edit

TEXT = "const box = await shelf\n  .put({ a, 'b': f(1), ...rest, [k]: 2, m() {} }, /* o */ x);\n"


def test_finds_a_chained_call_by_the_line_of_its_name() -> None:
    source = edit.read(TEXT, "a.js")
    for line in (1, 2):
        call = edit.call_near(source, line, ("put",))
        assert call is not None
        assert edit.callee(source, call) == ("shelf", "put")
    assert edit.call_near(source, 9, ("put",)) is None


def test_reads_properties_and_skips_comments_among_arguments() -> None:
    source = edit.read(TEXT, "a.js")
    call = edit.calls(source, ("put",))[0]
    literal, second = edit.arguments(call)
    assert source.of(second) == "x"
    found = [(each.name, each.spread, each.method) for each in edit.properties(source, literal)]
    assert found == [
        ("a", False, False),
        ("b", False, False),
        (None, True, False),
        (None, False, False),
        ("m", False, True),
    ]


def test_edits_apply_in_bytes_and_leave_the_rest() -> None:
    source = edit.read("é = 1; b = 2;", "a.js")
    start = "é = 1; ".encode().__len__()
    assert edit.apply(source, [Edit(start=start, end=start + 1, text="ß")]) == "é = 1; ß = 2;"
    with pytest.raises(InputError, match="overlap"):
        edit.apply(source, [Edit(start=0, end=4, text=""), Edit(start=2, end=5, text="")])


@pytest.mark.parametrize("path", ["a.ts", "a.mts", "a.tsx", "a.mjs", "a.cjs"])
def test_reads_each_language(path: str) -> None:
    assert len(edit.calls(edit.read("q.add({});\n", path), ("add",))) == 1


def test_other_languages_are_refused() -> None:
    with pytest.raises(InputError, match="neither"):
        edit.read("", "a.rb")


def test_indentation_of_the_file_is_kept() -> None:
    assert edit.read("if (a) {\n    b();\n}\n", "a.js").indent_unit == "    "
    assert edit.read("if (a) {\n\tb();\n}\n", "a.js").indent_unit == "\t"


def test_changes_of_two_versions_come_together() -> None:
    base = "".join(f"{number}\n" for number in range(20))
    one, two = base.replace("3\n", "three\n", 1), base.replace("17\n", "")
    assert edit.merge("a.js", base, [one, two]) == one.replace("17\n", "")
    with pytest.raises(InputError, match="meet"):
        edit.merge("a.js", base, [one, base.replace("3\n", "drei\n", 1)])


@pytest.mark.parametrize("before", [None, "a\nb\n", "a\nb"])
def test_git_applies_the_diff(tmp_path: Path, before: str | None) -> None:
    if before is not None:
        (tmp_path / "f.js").write_text(before)
    (tmp_path / "p.diff").write_text(edit.unified("f.js", before, "a\nc\n"))
    subprocess.run(["git", "apply", "p.diff"], cwd=tmp_path, check=True)
    assert (tmp_path / "f.js").read_text() == "a\nc\n"
