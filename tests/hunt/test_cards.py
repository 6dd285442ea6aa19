from __future__ import annotations

from dataclasses import replace

from redhanded.case.case import Case
from redhanded.case.codemap import CodeMap, CodePath, Hop
from redhanded.case.evidence import Evidence, Location
from redhanded.case.fix import Counted, Fix, FixPart, Proof, SubsetResult
from redhanded.case.hypothesis import Experiment, Hypothesis
from redhanded.case.reproduction import NaturalRun, Reproduction
from redhanded.case.schedule import Schedule
from redhanded.case.symptom import Symptom
from redhanded.case.system import System
from redhanded.hunt import cards, prove
from redhanded.hunt.outcome import outcome
from redhanded.lab.explorers.systematic import Exploration

LINES_MAX = 40


def diff(path: str, added: int, context: int = 0) -> str:
    header = f"diff --git a/{path} b/{path}\nindex 1..2 100644\n--- a/{path}\n+++ b/{path}\n"
    header += "@@ -1 +1 @@\n"
    return header + " same\n" * context + "".join(f"+{path} {line}\n" for line in range(added))


def fix(text: str) -> Fix:
    part = FixPart(key="a", remedy="r", title="Name it", why="w", files={}, diff=text)
    return Fix(
        branch="redhanded/1",
        worktree="/srv/w",
        base="0123",
        parts=(part,),
        chosen=("a",),
        diff=text,
        test_path="test/new.test.js",
    )


def case(**values: object) -> Case:
    return Case(identifier="1", target="/srv/x", symptom=Symptom(text="x"), **values)  # type: ignore[arg-type]


def test_the_diff_card_leaves_out_the_test_and_crowds_out_no_file() -> None:
    text = diff("src/long.js", 60, context=9) + diff("src/short.js", 2)
    card = cards.card(3, case(fix=fix(text + diff("test/new.test.js", 80))))
    assert len(card) <= LINES_MAX
    assert "@ src/short.js" in card
    assert "+src/short.js 1" in card
    assert "@ src/long.js" in card
    assert "… 40 more lines" in card
    assert not any(line.startswith("+test/new") for line in card)


def test_a_short_diff_keeps_its_surroundings() -> None:
    card = cards.card(3, case(fix=fix(diff("src/a.js", 3, context=2))))
    assert card.count(" same") == 2


def test_a_hypothesis_is_a_title_with_two_of_each_side_below() -> None:
    evidence = tuple(
        Evidence(path="a.js", line=line, text="t", says=f"says {line}", supports=line < 5)
        for line in range(1, 9)
    )
    first = Hypothesis(
        mechanism="m",
        title="It is queued twice",
        claim="the claim",
        rank=1,
        score=0.9,
        evidence=evidence,
        experiment=Experiment(question="Does it?", prediction="p", refuted_if="it does not"),
    )
    told = cards.hypotheses((first,))
    assert told[0] == "1. It is queued twice (score 0.90)"
    assert [line.split()[0] for line in told[1:]] == ["for", "for", "against", "against"]
    assert told[1].endswith("says 1  [a.js:1]")
    card = cards.card(1, case(hypotheses=(first,)))
    assert "The first in full: the claim" in card
    assert "Refuted if it does not." in card


def test_a_path_goes_deeper_and_begins_again_behind_the_queue() -> None:
    def hop(kind: str, label: str) -> Hop:
        return Hop(kind=kind, label=label, location=Location(path="a.js", line=1))  # type: ignore[arg-type]

    path = CodePath(
        hops=(
            hop("route", "POST /x"),
            hop("handler", "x()"),
            hop("enqueue", "q.add()"),
            hop("consume", "q.process()"),
            hop("write", "INSERT"),
        )
    )
    told = cards.code(CodeMap(root="/", files=1, paths=(path,)))
    assert told[1:] == [
        "POST /x  [a.js:1]",
        "  → x()  [a.js:1]",
        "    → q.add()  [a.js:1]",
        "  ⇒ q.process()  [a.js:1]",
        "    → INSERT  [a.js:1]",
    ]


def test_the_last_card_has_the_table_and_the_stage_only_the_outcomes() -> None:
    results = (
        SubsetResult(parts=(), outcome="fails", forced="failed 5/5"),
        SubsetResult(parts=("a",), outcome="holds", forced="passed 5/5", explored=12),
        SubsetResult(parts=("a", "b"), outcome="holds"),
    )
    assert cards.subsets(results) == ["fails: nothing", "holds: a; a + b"]


def test_what_failed_by_itself_is_never_called_quiet() -> None:
    natural = NaturalRun(name="log", trials=50, failures=2, seconds=1.0, how="h")
    found = Reproduction(trials_to_first_failure=None, explored=7, exhausted=True, bound="b")
    told = case(natural=natural, reproduction=found)
    assert cards.failed_by_itself(told)
    assert "failed 2 of 50 times" in cards.summary(told, "UNDECIDED")
    quiet = case(reproduction=found)
    assert not cards.failed_by_itself(quiet)
    assert cards.summary(quiet, "REFUTED").startswith("No failure within the stated bound")


def test_clocks_that_the_lab_moves_are_not_called_uncontrolled() -> None:
    real, lab = (System(name="s", root="/srv", clock=clock) for clock in ("real", "lab"))
    assert "the processes' clocks and random numbers" in cards.uncontrolled(real)[0]
    assert cards.uncontrolled(lab)[0].startswith("Not controlled: random numbers, PostgreSQL's")
    assert cards.uncontrolled(lab)[1:] == cards.uncontrolled(real)[1:]


def test_a_failure_that_only_some_replays_show_is_not_said_to_replay() -> None:
    def told(failed: int) -> Case:
        found = Reproduction(
            trials_to_first_failure=1, schedule=Schedule(), replays=20, replays_failed=failed
        )
        return case(reproduction=found)

    assert outcome(told(20)) == outcome(told(10)) == "CONFIRMED"
    assert outcome(told(0)) == "UNDECIDED"
    assert "only 10 of 20 replays" in cards.summary(told(10), "CONFIRMED")
    assert "only 0 of 20 replays" in cards.summary(told(0), "UNDECIDED")
    assert "caught and replays" in cards.summary(told(20), "CONFIRMED")


def test_what_should_have_passed_says_why_it_did_not() -> None:
    nothing = Counted(runs=0, failed=0)
    missing = Counted(runs=4, failed=4, sample="python: No module named pytest\n")
    found = Proof(
        before=missing,
        after=missing,
        planted=nothing,
        planted_serial=nothing,
        own_tests=nothing,
        explored=1,
        equivalent=0,
        failures=0,
        exhausted=False,
        bound="",
        statement="",
        proven=False,
    )
    said = cards.proof(found)
    assert "the new test on the fixed code: python: No module named pytest" in said
    assert "the project's own tests were not run" in said
    assert not any("planted" in each for each in said)
    untested = replace(found, before=nothing, after=nothing)
    assert not any("new test" in each for each in cards.proof(untested))


def test_a_proof_says_nothing_of_a_test_that_was_not_written() -> None:
    exploration = Exploration(explored=12, equivalent=3, exhausted=True, bound=2)
    tests = {"own_tests": Counted(runs=1, failed=0)}
    alone = prove.conclude(tests, None, exploration, None)
    assert alone.statement.startswith("Shown: of the fixed system 12 orders") and not alone.proven
    tests |= {"before": Counted(runs=20, failed=20), "after": Counted(runs=50, failed=0)}
    assert (
        "the new test failed 20 of 20" in prove.conclude(tests, None, exploration, None).statement
    )
