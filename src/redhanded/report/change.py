"""What a person does with a change that was drafted, or without one."""

from __future__ import annotations

import shlex
from dataclasses import dataclass

from redhanded.case.advice import advised_without_fix
from redhanded.case.case import Case
from redhanded.case.fix import Proof


@dataclass(frozen=True, slots=True, kw_only=True)
class Todo:
    """Something to do next, and the command that does it."""

    words: str
    command: str = ""
    """One line for a shell; empty where there is none."""


def advice(case: Case) -> list[Todo]:
    """What is known to help where no fix was drafted."""
    cause = case.root_cause if case.fix is None else None
    return [Todo(words=words)] if cause and (words := advised_without_fix(cause.mechanism)) else []


def about_the_change(case: Case) -> list[Todo]:
    """How to read it, to take it over, and what to make of its test."""
    fix, steps = case.fix, []
    if fix is None or not fix.chosen:
        return []
    git = f"git -C {shlex.quote(case.target)}"
    steps.append(
        Todo(
            words=f"Read the change (parts {' and '.join(fix.chosen)}):",
            command=f"{git} diff {fix.base[:12]}..{fix.branch}",
        )
    )
    if case.proof is not None and case.proof.proven:
        steps.append(Todo(words="Take it over:", command=f"{git} merge {fix.branch}"))
    else:
        words = "The change is not proven: read the table of its parts before using it."
        steps.append(Todo(words=words))
    if fix.test_path:
        steps.append(Todo(words=_about_the_test(fix.test_path, case.proof)))
    return steps


def _about_the_test(path: str, proof: Proof | None) -> str:
    """A test that fails on the fixed code as well tells nothing of the fix."""
    after = proof.after if proof is not None else None
    if after is not None and after.failed:
        return (
            f"Look at the new test before you keep it, since {after.failed} of {after.runs} runs "
            f"failed on the fixed code, too: {path}"
        )
    return f"Keep the test that comes with it: {path}"
