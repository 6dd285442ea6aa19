from __future__ import annotations

import pickle
import subprocess
import sys
from itertools import product

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from redhanded.logs.templates import Miner, Templates
from redhanded.logs.templates.miner import WORDS_KEPT

WORDS = st.sampled_from(["open", "shut", "of", "user", "x1", "7", "a=b", "(", "anna", "bruno"])
LINES = st.lists(st.lists(WORDS, max_size=6).map(lambda words: " ".join(words).encode()))


def learned(lines: list[bytes], masks_max: int = 1000) -> tuple[Miner, list[int]]:
    miner = Miner(masks_max=masks_max)
    return miner, miner.ids(b"\n".join(lines)).tolist() if lines else []


def facts(found: Templates) -> tuple[object, ...]:
    return found.texts, found.counts.tolist(), found.limits


def named(found: Templates, ids: list[int]) -> list[str]:
    return [found.texts[found.of_id[given]] for given in ids]


def test_ids_lead_to_templates_and_counts() -> None:
    miner, ids = learned([b"job 1 took 5 ms", b"up", b"job 22 took 7 ms", b""])
    found = miner.finish()
    assert named(found, ids) == ["job <*> took <*>", "up", "job <*> took <*>", ""]
    assert dict(zip(found.texts, found.counts.tolist(), strict=True)) == {
        "job <*> took <*>": 2,
        "up": 1,
        "": 1,
    }
    assert found.limits == ()


def test_one_line_alone_is_as_in_a_block() -> None:
    miner, ids = learned([b"job 1 done", b"up"])
    alone = [miner.id_of(b"job 3 done"), miner.id_of(b"up")]
    assert alone == ids and miner.finish().counts.tolist() == [1, 1]
    miner.count(np.array(alone, np.int32))
    assert miner.finish().counts.tolist() == [2, 2]


def test_more_lines_may_follow_after_a_look() -> None:
    miner, first = learned([b"user anna left"])
    assert miner.finish().texts == ("user anna left",)
    ids = first + miner.ids(b"\n".join(b"user %b left" % name for name in NAMES)).tolist()
    assert set(named(miner.finish(), ids)) == {"user <*> left"}


NAMES = (b"bruno", b"chen", b"dora", b"emil", b"fatou", b"goran")


@settings(deadline=None)
@given(LINES, st.randoms())
def test_the_order_of_lines_does_not_matter(lines: list[bytes], random: object) -> None:
    shuffled = list(lines)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert facts(learned(lines)[0].finish()) == facts(learned(shuffled)[0].finish())


@settings(deadline=None)
@given(LINES, LINES, st.sampled_from([1, 2, 3, 1000]))
def test_two_miners_merged_know_what_one_over_both_knows(
    left: list[bytes], right: list[bytes], masks_max: int
) -> None:
    one, left_ids = learned(left, masks_max)
    other, right_ids = learned(right, masks_max)
    mapped = one.merge(other)
    right_ids = [int(mapped[given]) for given in right_ids]
    both, all_ids = learned(left + right, masks_max)
    assert facts(one.finish()) == facts(both.finish())
    assert named(one.finish(), left_ids + right_ids) == named(both.finish(), all_ids)


@settings(deadline=None)
@given(LINES, st.randoms())
def test_the_order_does_not_matter_beyond_the_bound_either(
    lines: list[bytes], random: object
) -> None:
    shuffled = list(lines)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert facts(learned(lines, 2)[0].finish()) == facts(learned(shuffled, 2)[0].finish())


def test_too_many_templates_are_bounded_and_said() -> None:
    letters = "abcdefgh"
    words = ["".join(found) for found in product(letters, repeat=4)]
    miner = Miner(masks_max=50)
    for start in range(0, len(words), 256):
        miner.ids("\n".join(f"{word} {word[::-1]}x end" for word in words[start:][:256]).encode())
    miner.ids(b"server started\nserver stopped")
    found = miner.finish()
    assert int(found.counts.sum()) == len(words) + 2
    assert len(found.texts) <= 52 and "server started" in found.texts
    assert found.limits == ("lines with 2 spaces hold over 50 templates: told apart not at all",)
    assert len(found.of_id) <= 51 * (len(WORDS_KEPT) + 1) + 2  # ids ever given


def test_a_miner_can_be_sent_to_another_process() -> None:
    miner, ids = learned([b"job 1 done", b"up"])
    again = pickle.loads(pickle.dumps(miner))
    assert again.ids(b"job 5 done\nup").tolist() == ids
    assert again.finish().counts.tolist() == [2, 2]


def test_another_hash_seed_gives_the_same() -> None:
    program = (
        "from redhanded.logs.templates import Miner; m = Miner();"
        "m.ids(b'\\n'.join(b'%b of %b' % (w, v) for w in (b'open', b'shut', b'x1')"
        " for v in (b'anna', b'bo', b'chen', b'dora', b'7')));"
        "f = m.finish(); print(f.texts, f.counts, f.of_id)"
    )
    told = {
        subprocess.run(
            [sys.executable, "-c", program],
            env={"PYTHONHASHSEED": seed, "PYTHONPATH": ":".join(sys.path)},
            capture_output=True,
            check=True,
        ).stdout
        for seed in ("1", "2", "3")
    }
    assert len(told) == 1
