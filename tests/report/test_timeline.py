"""The picture of a log over time."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from dataclasses import replace

from redhanded.case.evidence import Evidence
from redhanded.case.symptom import Marker, Occurrence, Series, Symptom
from redhanded.report.sparkline import sparkline
from redhanded.report.timeline_svg import draw

START_MS = 1_760_000_000_000.0
LINE = Evidence(path="a.log", line=3, text="<b>refused</b>")
SYMPTOM = Symptom(
    text="refused",
    series=Series(start_ms=START_MS, step_ms=1000.0, all=(5, 0, 9, 2), failing=(0, 0, 3, 1)),
    occurrences=(
        Occurrence(identity="<i>1", evidence=(LINE,), at_ms=START_MS + 2100.0),
        Occurrence(
            identity="job=2",
            evidence=(LINE,),
            at_ms=START_MS + 2500.0,
            entity="seat=<7>",
            partner=(LINE,),
            gap_ms=12.0,
        ),
    ),
    markers=(Marker(at_ms=START_MS + 2000.0, kind="deploy", says="<v2>", place=LINE),),
)


def pictures(page: str) -> dict[str, ET.Element]:
    parsed = [ET.fromstring(each) for each in re.findall(r"<svg.*?</svg>", page, flags=re.DOTALL)]
    return {each.get("aria-label", ""): each for each in parsed}


def test_each_lane_shows_what_it_is_about() -> None:
    lanes = pictures(str(draw(SYMPTOM)))
    bars = lanes["all requests over time"].findall("{*}rect")
    assert [float(bar.get("x", "-1")) for bar in bars] == [0.0, 500.0, 750.0]
    failing = lanes["failing over time"].findall("{*}rect")
    assert [bar.get("class") for bar in failing] == ["failing", "failing"]
    tall, short = (float(bar.get("height", "0")) for bar in failing)
    assert abs(tall / short - 3) < 0.1
    pairs = lanes["with company on the same thing over time"].findall("{*}line")
    assert [line.get("x1") for line in pairs if line.get("class") == "pair"] == ["625.0"]
    deploys = lanes["deploys, starts, commits over time"].findall("{*}line")
    assert [line.get("x1") for line in deploys] == ["500.0"]


def test_a_deploy_goes_through_all_lanes() -> None:
    lanes = pictures(str(draw(SYMPTOM)))
    for name in ("all requests over time", "failing over time"):
        marks = [each for each in lanes[name] if each.get("class") == "marker deploy"]
        assert [mark.get("x1") for mark in marks] == ["500.0"]


def test_it_stretches_to_any_width_and_needs_no_script() -> None:
    page = str(draw(SYMPTOM))
    for lane in pictures(page).values():
        assert lane.get("preserveAspectRatio") == "none"
        assert lane.get("width") is None
        assert not lane.findall("{*}text"), "text would be stretched too"
    assert "<script" not in page


def test_values_are_escaped() -> None:
    page = str(draw(SYMPTOM))
    assert "<b>refused" not in page
    assert "<v2>" not in page
    assert "&lt;v2&gt;" in page
    assert "<i>1" not in page


def test_without_times_there_is_nothing_to_draw() -> None:
    assert str(draw(Symptom(text="x"))) == ""
    old = replace(SYMPTOM, series=None, markers=())
    assert "failing over time" in pictures(str(draw(old)))


def test_a_sparkline_has_a_character_for_each_count() -> None:
    assert sparkline((0, 1, 4, 8), width=10) == "·▁▄█"
    assert sparkline((1, 1, 1, 1), width=2) == "██"
    assert sparkline((), width=5) == ""
    assert sparkline((0, 1000), width=5) == "·█"
