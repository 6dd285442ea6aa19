"""Ways to see a failure side by side: with limits too small to say anything, so that it runs."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.append(str(ROOT / "bench"))

import ablation  # noqa: E402
import ways  # noqa: E402
from ablation import Kept  # noqa: E402
from machine import Machine  # noqa: E402
from ways import OURS, WAYS, Attempt, Limits  # noqa: E402

from redhanded.case.document import decode, encode  # noqa: E402
from redhanded.lab.choices import Choices  # noqa: E402

SPECIMEN = "coupon-checkout"
TINY = Limits(seeds=1, trials=2, seconds=5.0, late_ms=2.0)
MACHINE = Machine(
    processor="made up",
    cores=2,
    memory_gb=1.0,
    kernel="1",
    python="3",
    node="20",
    postgresql="16",
    valkey="not used",
    load=(0.0, 0.0, 0.0),
)


def test_each_way_is_tried_until_it_fails_or_is_used_up(tmp_path: Path) -> None:
    said: list[str] = []

    assert ablation.compare([SPECIMEN], TINY, tmp_path, say=said.append), said

    kept = decode((tmp_path / "ablation" / f"{SPECIMEN}.json").read_bytes(), Kept)
    assert (kept.specimen, kept.limits) == (SPECIMEN, TINY)
    assert [each.way for each in kept.attempts] == list(WAYS), "seed 0 begins with the first way"
    for each in kept.attempts:
        assert 1 <= each.trials <= TINY.trials and each.seconds > 0 and each.seed == 0
        assert each.failed or each.trials == TINY.trials or each.seconds > TINY.seconds
        assert bool(each.sample) == each.failed
    ours = kept.attempts[-1]
    assert (ours.failed, ours.trials, ours.means) == (True, 2, "predicted")
    page = (tmp_path / "ablation.md").read_text(encoding="utf-8")
    (row,) = (line for line in page.splitlines() if line.startswith(f"| {SPECIMEN} "))
    assert row.count("|") == len(WAYS) + 3
    assert f"| {ours.trials} ({ours.seconds:.2f}) |" in row
    assert MACHINE.valkey in page and kept.machine.postgresql in page
    assert "Not measured: bin-moves" in page


def test_a_failure_that_was_not_seen_counts_as_later_than_all_others(tmp_path: Path) -> None:
    attempts = (*made(OURS, 2, None, 4), *made("pos", 1, None, None), *made("pct 1", 3, 3, 3))

    page = written(tmp_path, attempts)

    assert "| > 100, > 100, > 100 (–) |" in page, "a way that never sees it"
    assert "| 2, > 100, 4 (0.40) |" in page
    assert "| 1, > 100, > 100 (–) |" in page
    assert "| ours | 0 of 1 | 1 of 1 | 2 of 3 | 4 | 0.40 |" in page
    assert "| POS | 0 of 1 | 1 of 1 | 1 of 3 | – | – |" in page


def test_it_is_said_where_another_way_is_ahead(tmp_path: Path) -> None:
    attempts = (*made(OURS, 2, None, 4), *made("pct 1", 3, 3, 3), *made(ways.INSTANT, 1, 1, 1))

    page = written(tmp_path, attempts)

    assert (
        f"Not seen by ours with every seed: {SPECIMEN}; of these, seen in another way with every "
        f"seed: {SPECIMEN} (natural, same instant, PCT, d = 1)."
    ) in page
    assert f"ours (medians): {SPECIMEN} (PCT, d = 1: 3 against 4)." in page
    assert f"natural ways too: {SPECIMEN} (natural, same instant: 0.10 against 0.40)." in page


def test_half_a_trial_is_not_rounded_away(tmp_path: Path) -> None:
    page = written(tmp_path, (*made(OURS, 2, 2), *made("uniform", 1, 2)))

    assert f"ours (medians): {SPECIMEN} (uniform walk: 1.5 against 2)." in page


def test_a_search_that_is_always_first_leaves_nothing_to_say(tmp_path: Path) -> None:
    page = written(tmp_path, made(OURS, 2, 2, 2))

    assert "Not seen by ours with every seed: none; of these" in page
    assert "Fewer controlled trials than ours (medians): none." in page
    assert "Fewer seconds than ours, natural ways too: none." in page


def test_other_limits_than_the_first_show_in_the_row(tmp_path: Path) -> None:
    first = kept_of(made(OURS, 2))
    other = replace(first, specimen="miles-balance", limits=TINY)

    page = written_of(tmp_path, [first, other])

    assert "| 2026-01-02T03:04 |" in page
    assert "| 2026-01-02T03:04 (seeds: 1, at most 2 trials or 5 s, delays to 2 ms) |" in page


def test_gaps_come_in_a_drawn_order_each_once() -> None:
    gaps = tuple(float(gap) for gap in range(12))
    drawn = [ways.shuffled(gaps, Choices(seed)) for seed in range(5)]

    assert all(sorted(each) == list(gaps) for each in drawn)
    assert len({*drawn, gaps}) == 6


def test_an_unknown_specimen_is_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["ablation.py", "--only", "no-such"])

    assert ablation.main() == 2
    assert "there is no specimen no-such" in capsys.readouterr().err


def made(way: str, *trials: int | None) -> tuple[Attempt, ...]:
    """An attempt for each seed; None is one that was used up."""
    return tuple(
        Attempt(
            way=way,
            seed=seed,
            trials=count or 100,
            seconds=(count or 100) / 10,
            failed=count is not None,
            sample="",
        )
        for seed, count in enumerate(trials)
    )


def kept_of(attempts: Sequence[Attempt]) -> Kept:
    """The attempts, with used up ones in all other ways."""
    told = {each.way for each in attempts}
    seeds = len({each.seed for each in attempts})
    others = [each for way in WAYS if way not in told for each in made(way, *[None] * seeds)]
    return Kept(
        at="2026-01-02T03:04:05+00:00",
        machine=MACHINE,
        limits=Limits(seeds=seeds),
        specimen=SPECIMEN,
        attempts=(*attempts, *others),
    )


def written(folder: Path, attempts: Sequence[Attempt]) -> str:
    return written_of(folder, [kept_of(attempts)])


def written_of(folder: Path, every: Sequence[Kept]) -> str:
    """The page of files that hold these."""
    for each in every:
        (folder / f"{each.specimen}.json").write_bytes(encode(each))
    page = ablation.page(folder, ablation.specimens(), folder)
    return page.read_text(encoding="utf-8")
