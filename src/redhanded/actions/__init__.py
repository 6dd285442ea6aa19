"""Everything that a person, a model or a client may ask of redhanded, one row each.

The faces (command line, others to come) offer these rows and decide nothing of their own. The
functions stand in the modules of this package, which are imported when they are needed.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """One thing to ask for."""

    name: str
    says: str
    """What it gives, in one sentence."""
    function: str
    """Where it stands, as ``module:function`` below this package."""


ACTIONS: tuple[Action, ...] = (
    Action(
        name="hunt",
        says="From logs and code to a cause proven by replay, a fix, a test.",
        function="hunting:hunt",
    ),
    Action(
        name="reproduce",
        says="The same up to the failure caught in the lab; changes nothing.",
        function="hunting:reproduce",
    ),
    Action(
        name="replay",
        says="Make the failure of a case happen again, alone.",
        function="replaying:replay",
    ),
    Action(
        name="stress",
        says="The workload without control, and how often it fails by itself.",
        function="stressing:stress",
    ),
    Action(
        name="logs",
        says="What failed in logs, how often, since when, and what is different about it.",
        function="analysing:logs",
    ),
    Action(
        name="explore",
        says="Paths through the code, from an entry or to a table, across queues.",
        function="reading:explore",
    ),
    Action(
        name="scan",
        says="Races and missing idempotency that the source allows, without an incident.",
        function="scanning:scan",
    ),
    Action(
        name="report",
        says="Write a case as one HTML page and as Markdown.",
        function="reading:find",
    ),
    Action(name="cases", says="The cases of a project.", function="reading:cases"),
    Action(
        name="init",
        says="Write a first redhanded.toml, every guess marked.",
        function="initialising:initialise",
    ),
    Action(
        name="doctor",
        says="What is here, what is missing, and what that costs.",
        function="examining:examine",
    ),
    Action(
        name="schema",
        says="The JSON schema of a case, of what logs, scan and explore say, of a schedule.",
        function="reading:schema",
    ),
)


def says(name: str) -> str:
    """The sentence of an action."""
    return next(action.says for action in ACTIONS if action.name == name)
