"""What a condition says about a row or key that was looked for: there, not there, or how it is."""

from __future__ import annotations

from typing import Literal

from redhanded.hunt.suspect.rules.remembered import results_in
from redhanded.source.flow.values import Computed, Either, Known, Record, Result, Value

Sense = Literal["absent", "present", "state", "amount"]
"""``state``: a part of it is compared (``row.status == 'paid'``); ``amount``: a number of rows or
of a part is compared with something other than none."""

PRESENCE_PARTS = frozenset(
    [
        "0",
        "rows",
        "row",
        "length",
        "rowCount",
        "rowcount",
        "affectedRows",
        "affected",
        "changes",
        "count",
        "cnt",
        "total",
        "size",
        "exists",
        "raw",
        "numDeletedRows",
        "numUpdatedRows",
        "numInsertedOrUpdatedRows",
        "modifiedCount",
        "matchedCount",
    ]
)
"""Parts of a result that say whether or how many there are, and nothing of a row's contents."""

THROUGH = frozenset(
    [
        "Boolean",
        "bool",
        "len",
        "Number",
        "int",
        "parseInt",
        "String",
        "str",
        "list",
        "first",
        "scalar",
        "scalar_one_or_none",
        "scalars",
        "one_or_none",
        "fetchone",
        "fetchall",
        "mappings",
        "all",
        "at",
        "toJSON",
        "next",
        "any",
        "some",
        "find",
        "length",
        "BigInt",
        "exists",
        "isDefined",
        "Object.keys",
        "isNotEmpty",
        "neg",
        "+",
        "await",
        "[]",
        "array",
    ]
)
"""Calls and operators whose value is empty when what they are given is empty."""

EACH = {"all": True, "every": True, "any": False, "some": False}
"""Calls that ask something of each element; whether it has to hold for all of them."""

FLIPPED = frozenset(["not", "isEmpty", "isNil", "isNull", "isUndefined", "is_none", "empty"])

NOT_FOUND = ("notfound", "doesnotexist", "noresult", "norecord", "missing", "entitynotfound")
"""In the names of errors that say a row was not there, lower case without underscores."""

_OPPOSITE: dict[Sense, Sense] = {
    "absent": "present",
    "present": "absent",
    "state": "state",
    "amount": "amount",
}


def presence(test: Value, holds: bool, event: int) -> Sense | None:
    """What ``test`` being ``holds`` says about the result of ``event``; None: nothing of it."""
    sense = _when_true(test, event, 12)
    if sense is None:
        return None
    return sense if holds else _OPPOSITE[sense]


def _when_true(test: Value, event: int, depth: int) -> Sense | None:
    if depth == 0 or not mentions(test, event):
        return None
    if isinstance(test, Result):
        return "present" if PRESENCE_PARTS.issuperset(test.parts) else "state"
    if isinstance(test, Either):
        return _first(test.values, event, depth)
    if isinstance(test, Computed):
        return _computed(test, event, depth)
    return "state"


def _computed(test: Computed, event: int, depth: int) -> Sense | None:
    operator = test.operator.removeprefix("call:")
    last = operator.rsplit(".", 1)[-1]
    if operator == "raised":
        return _raised(test)
    if operator in ("and", "or", "??"):
        return _first(test.operands, event, depth)
    if operator in FLIPPED or last in FLIPPED:
        inner = _first(test.operands, event, depth)
        return None if inner is None else _OPPOSITE[inner]
    if operator in ("==", "!=", "<", "<=", ">", ">="):
        return _compared(test, event, depth)
    if operator == "?":
        return _chosen(test, event, depth)
    if last in EACH and (said := _of_each(test, event)) is not None:
        return said
    if operator.startswith("."):
        inner = _first(test.operands, event, depth)
        return inner if operator[1:] in PRESENCE_PARTS else "state"
    if operator in THROUGH or last in THROUGH:
        return _first(test.operands, event, depth)
    return "state"


def _of_each(test: Computed, event: int) -> Sense | None:
    """``all(each.user != user for each in rows)``: none of the rows is of that user."""
    for one in test.operands:
        each = one.parts.get("*") if isinstance(one, Record) else one
        if isinstance(each, Computed) and each.operator in ("==", "!=") and mentions(each, event):
            is_all = EACH[test.operator.removeprefix("call:").rsplit(".", 1)[-1]]
            if is_all and each.operator == "!=":
                return "absent"
            if not is_all and each.operator == "==":
                return "present"
    return None


def _chosen(test: Computed, event: int, depth: int) -> Sense | None:
    """``row ? a : b``: true where the row is there, if ``a`` is true and ``b`` is not."""
    condition, then, other = (*test.operands, Known(None), Known(None))[:3]
    sense = _when_true(condition, event, depth - 1)
    if sense is None:
        return _first(test.operands[1:], event, depth)
    if isinstance(other, Known) and not other.value:
        return sense
    if isinstance(then, Known) and not then.value:
        return _OPPOSITE[sense]
    return "state"


def _compared(test: Computed, event: int, depth: int) -> Sense | None:
    """Against nothing (None, 0, an empty text), or against something."""
    if len(test.operands) != 2:
        return "state"
    left, right = test.operands
    operator = test.operator
    if not mentions(left, event):
        left, right = right, left
        operator = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}.get(operator, operator)
    if isinstance(left, Computed) and left.operator == "typeof":
        left = left.operands[0]
        right = Known(None) if right == Known("undefined") else right
    inner = _when_true(left, event, depth - 1)
    if inner != "present" or mentions(right, event):
        return "state" if operator in ("==", "!=") or inner == "state" else "amount"
    if not isinstance(right, Known):
        return "amount" if operator not in ("==", "!=") else "state"
    return _against(operator, right.value)


def _against(operator: str, value: object) -> Sense:
    """The sense of ``result operator value``."""
    if value is True or value is False:
        there = (operator == "==") == value
        return "present" if there else "absent"
    nothing = value is None or value in (0, -1, "")
    if nothing and operator in ("==", "<="):
        return "absent"
    if nothing and operator in ("!=", ">"):
        return "present"
    if value == 1 and operator in (">=", "=="):
        return "present"
    if value == 1 and operator in ("<", "!="):
        return "absent"
    if nothing and operator == ">=":
        return "present"
    return "amount"


def _raised(test: Computed) -> Sense | None:
    names = [one.value for one in test.operands if isinstance(one, Known)]
    said = [str(one).lower().replace("_", "") for one in names]
    if any(word in one for one in said for word in NOT_FOUND):
        return "absent"
    return None


def _first(values: tuple[Value, ...], event: int, depth: int) -> Sense | None:
    for one in values:
        sense = _when_true(one, event, depth - 1)
        if sense is not None:
            return sense
    return None


def mentions(value: Value, event: int) -> bool:
    """Whether the value was made from what the event gave."""
    return event in results_in(value)
