"""Labels of findings on published packages, and what the page makes of them."""

from __future__ import annotations

import io
import sys
import tarfile
from collections.abc import Sequence
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "bench"))
import source_corpus

from redhanded.case.evidence import Location
from redhanded.case.finding import Finding


def finding(line: int = 3, subject: str = "berths") -> Finding:
    at = Location(path="harbour/views.py", line=line, function="moor")
    return Finding(
        rule="quota-check", location=at, message="", steps=(), reasons=(), subject=subject
    )


def label(of: str, line: int = 0) -> source_corpus.Labelled:
    return source_corpus.Labelled(
        package="harbour",
        rule="quota-check",
        path="harbour/views.py",
        function="moor",
        subject="berths",
        label=of,
        reason="read",
        line=line,
    )


def test_a_label_with_the_line_goes_before_one_without() -> None:
    known = (label("true"), label("false", line=3))
    assert source_corpus.judged("harbour", finding(3), known).label == "false"
    assert source_corpus.judged("harbour", finding(4), known).label == "true"


@pytest.mark.parametrize(("package", "subject"), [("other", "berths"), ("harbour", "ships")])
def test_another_finding_has_no_label(package: str, subject: str) -> None:
    one = source_corpus.judged(package, finding(subject=subject), [label("true")])
    assert one.label == "not labelled"


@pytest.mark.parametrize(
    ("hits", "count", "low", "high"), [(0, 0, 0.0, 1.0), (9, 10, 0.596, 0.982), (5, 5, 0.566, 1.0)]
)
def test_the_interval(hits: int, count: int, low: float, high: float) -> None:
    assert source_corpus.wilson(hits, count) == pytest.approx((low, high), abs=0.001)


def test_the_tables_hold_together() -> None:
    names = {one.name for one in source_corpus.packages()}
    assert {one.package for one in source_corpus.labels()} <= names


def pages(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, labels: Sequence[source_corpus.Labelled]
) -> str:
    """The page about six packages with one finding each, fetched before."""
    names = ["harbour", *(f"harbour{number}" for number in range(5))]
    made = [source_corpus.Package(registry="npm", name=one, version="1.0.0") for one in names]
    for one in made:
        packed = tmp_path / f"{one.folder}.packed"
        packed.mkdir()
        with tarfile.open(packed / "a.tgz", "w:gz") as archive:
            told = tarfile.TarInfo("package/index.js")
            archive.addfile(told, io.BytesIO(b""))
    monkeypatch.setattr(source_corpus, "packages", lambda: tuple(made))
    monkeypatch.setattr(source_corpus, "labels", lambda: tuple(labels))

    def scan(root: Path, folders: Sequence[str]) -> tuple[Finding, ...]:
        assert (root / "index.js").exists()
        return (finding(),) if root.parent.name == "harbour-1.0.0" else ()

    return source_corpus.measure(scan, cache=tmp_path, say=lambda _: None).body


def test_the_bar_is_met(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    page = pages(tmp_path, monkeypatch, [label("true")])
    assert "**1 of 1**" in page
    assert "bar: 90 %, met)" in page


@pytest.mark.parametrize("of", ["false", "unclear"])
def test_what_is_not_true_is_false(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, of: str
) -> None:
    page = pages(tmp_path, monkeypatch, [label(of)])
    assert "**0 of 1**" in page
    assert "not met" in page


def test_without_a_label_the_bar_is_not_met(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = pages(tmp_path, monkeypatch, [])
    assert "1 findings have no label" in page
    assert "not met" in page


def test_first_sight_is_kept_once_and_stands_beside_now(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(source_corpus, "FIRST_SIGHT", tmp_path / "first-sight.json")
    monkeypatch.setattr(source_corpus, "labels", lambda: (label("false"),))
    package = source_corpus.Package(registry="npm", name="harbour", version="1.0.0")
    one = source_corpus.judged("harbour", finding(), ())
    source_corpus.keep_first_sight([source_corpus.Scanned(package=package, findings=(one,))])
    source_corpus.keep_first_sight([source_corpus.Scanned(package=package)])
    (seen,) = source_corpus.first_sight()
    assert [each.label for each in seen.findings] == ["false"]
    page = source_corpus.page_of([source_corpus.Scanned(package=package)], [seen]).body
    assert "**0 of 1** findings true" in page
    assert f"| harbour | {seen.revision} | 0 of 1 | 0 of 0 |" in page


def test_what_is_kept_of_first_sight_is_labelled() -> None:
    seen = source_corpus.first_sight()
    assert seen
    assert all(each.label != "not labelled" for one in seen for each in one.findings)
