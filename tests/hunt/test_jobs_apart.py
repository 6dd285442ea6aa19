"""What is said of conditions that a failing order itself demands."""

from __future__ import annotations

import pytest

from redhanded.case.operation import OperationName
from redhanded.case.reproduction import Counterfactual
from redhanded.case.schedule import Constraint
from redhanded.hunt.jobs_apart import demanded_overlap


def name(task: int, kind: str, role: str = "worker") -> OperationName:
    return OperationName(
        task=f"delivery {task}",
        role=role,
        protocol="postgres",
        kind=kind,
        target="parcels",
        access="read" if kind == "SELECT" else "write",
    )


APART = Constraint(before=name(1, "INSERT"), after=name(2, "SELECT"))


def test_an_order_of_two_jobs_answers_whether_they_must_overlap() -> None:
    flip = Constraint(before=name(1, "COMMIT"), after=name(2, "SELECT"))
    said = demanded_overlap("worker", APART, [Counterfactual(flipped=flip, runs=20)])
    assert said is not None and said.necessary and (said.runs, said.failures) == (20, 0)
    assert "none of 20 runs failed" in said.answer
    fails = [Counterfactual(flipped=flip, runs=20, failures=3)]
    failing = demanded_overlap("worker", APART, fails)
    assert failing is not None and not failing.necessary


@pytest.mark.parametrize(
    "flip",
    [
        Constraint(before=name(1, "COMMIT"), after=name(2, "SELECT", "web")),
        Constraint(before=name(2, "COMMIT"), after=name(1, "SELECT")),
    ],
)
def test_another_order_says_nothing_of_it(flip: Constraint) -> None:
    assert demanded_overlap("worker", APART, [Counterfactual(flipped=flip, runs=20)]) is None


def test_what_could_not_be_followed_says_nothing() -> None:
    flip = Constraint(before=name(1, "COMMIT"), after=name(2, "SELECT"))
    unmet = [Counterfactual(flipped=flip, runs=20, infeasible=20)]
    assert demanded_overlap("worker", APART, unmet) is None
