"""Whether a system took its workload: where it did not, no work was done and nothing is shown."""

from __future__ import annotations

from collections.abc import Sequence

from redhanded.case.run import Run
from redhanded.case.system import Delivery

CLIENT_ERROR, SERVER_ERROR = 400, 500


def refusal(run: Run, workload: Sequence[Delivery]) -> str | None:
    """What is wrong with the answers of a serial run, and what to correct; None if they are good.

    Good is what ``expect`` says, and without it anything but a client error from all.
    """
    if run.failures or not run.answers or not workload:
        return None
    if any(entry.run for entry in workload):
        return _ended_badly(run, workload)
    requests = " and ".join(dict.fromkeys(f"{entry.method} {entry.path}" for entry in workload))
    where = "Correct `to`, `request`, `headers` or `sign` of [[workload]] in redhanded.toml."
    if not any(run.answers):
        names = " and ".join(dict.fromkeys(entry.to for entry in workload))
        return (
            f"Nothing took the workload ({requests}): {names} does not listen at the port that it "
            'was given. Pass "{port}" in its `env` or `command` in redhanded.toml.'
        )
    wanted = {entry.expect for entry in workload if entry.expect is not None}
    statuses = sorted(set(run.answers))
    said = " and ".join(map(str, statuses))
    if wanted and not wanted & set(statuses):
        expected = " or ".join(map(str, sorted(wanted)))
        return (
            f"The workload ({requests}) was answered {said}, with one delivery after the other, "
            f"where `expect` says {expected}. {where}"
        )
    if not wanted and all(CLIENT_ERROR <= status < SERVER_ERROR for status in statuses):
        return (
            f"The workload ({requests}) was answered {said}: the system refused it, so nothing was "
            f"at work. {where} If that is the right answer, say so with `expect = {statuses[0]}`."
        )
    return None


def _ended_badly(run: Run, workload: Sequence[Delivery]) -> str | None:
    """The same where programs are started: only where there is nothing else is it told."""
    if not all(entry.run for entry in workload):
        return None
    wanted = {entry.expect or 0 for entry in workload}
    if wanted & set(run.answers):
        return None
    names = " and ".join(dict.fromkeys(entry.name for entry in workload))
    codes = " and ".join(map(str, sorted(set(run.answers))))
    return (
        f"The workload ({names}) ended with exit code {codes}, with one after the other, so "
        "nothing was at work. Correct `run` or `to` of [[workload]] in redhanded.toml; if that is "
        f"the right end, say so with `expect = {run.answers[0]}`."
    )
