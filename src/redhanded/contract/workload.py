"""``[[workload]]`` → ``Delivery``: what the outside world sends or starts in one trial."""

from __future__ import annotations

import re
from typing import Any

from redhanded.case.system import Delivery, Signature
from redhanded.contract import model
from redhanded.contract.contract_file import ContractFile, Where

OF_REQUESTS = ("json_body", "body", "headers", "sign", "capture")
"""Keys that a program cannot have."""
_PLACE = re.compile(r"\{([A-Za-z_]\w*)\}")


def delivery(
    position: int, contract: model.Contract, source: ContractFile, notes: list[str]
) -> Delivery:
    """One entry; raises for what is missing, contradicts itself, or is not there."""
    table = contract.workload[position]
    where: Where = ("workload", position)
    source.known(table.to, model.replicas(contract), "process", (*where, "to"))
    names = [_name(entry) for entry in contract.workload]
    if table.after is not None:
        source.known(table.after, dict.fromkeys(names), "workload", (*where, "after"))
    _check_kind(table, where, source)
    if table.name is None:
        notes.append(f"workload {position + 1} is called {names[position]!r}")
    _check_values(position, contract, where, source)
    method, _, path = (table.request or "").partition(" ")
    gap = table.gap_ms
    return Delivery(
        name=names[position],
        to=table.to,
        method=method,
        path=path,
        run=table.run,
        body=_body(table, where, source),
        raw_body=table.body,
        headers=table.headers,
        sign=Signature(**table.sign.model_dump()) if table.sign else None,
        deliveries=table.deliveries,
        gap_ms=None if gap is None or isinstance(gap, str) else gap,
        after=table.after,
        expect=table.expect,
        capture=table.capture,
        values={name: tuple(options) for name, options in table.values.items()},
    )


def _name(table: model.DeliveryTable) -> str:
    return table.name or table.request or table.run or ""


def _check_kind(table: model.DeliveryTable, where: Where, source: ContractFile) -> None:
    if (table.request is None) == (table.run is None):
        said = "is missing" if table.request is None else "and `run` exclude each other"
        hint = 'give "POST /hooks" or, for a program, `run = "…"`' if table.run is None else ""
        raise source.fail((*where, "request"), f"`request` {said}; {hint or 'keep one'}")
    if table.run is not None:
        for key in OF_REQUESTS:
            if getattr(table, key):
                shown = key.removesuffix("_body")
                raise source.fail((*where, shown), f"`{shown}` is of a request, not of a program")
    elif table.expect is not None and table.expect < 100:
        raise source.fail((*where, "expect"), f"{table.expect} is not an HTTP status")
    if table.json_body is not None and table.body is not None:
        raise source.fail((*where, "body"), "`json` and `body` exclude each other; keep one")


def _body(table: model.DeliveryTable, where: Where, source: ContractFile) -> Any:
    if isinstance(table.json_body, str):
        return source.loaded(table.json_body, (*where, "json"))
    return table.json_body


def _check_values(
    position: int, contract: model.Contract, where: Where, source: ContractFile
) -> None:
    """Names are given once, and a captured one is used only after it was captured."""
    table = contract.workload[position]
    for key, names in (("capture", table.capture), ("values", table.values)):
        for name in names:
            others = [
                each
                for number, each in enumerate(contract.workload)
                for given in (each.capture, each.values)
                if name in given and (number, given) != (position, names)
            ]
            if name == "unique" or others:
                raise source.fail(
                    (*where, key, name), f"{{{name}}} stands for something else already; rename it"
                )
    before = _before(table, contract)
    body = _body(table, where, source)
    used = set(_PLACE.findall(f"{table.request} {table.run} {table.body} {table.headers} {body}"))
    for other in contract.workload:
        for name in used & set(other.capture):
            if _name(other) not in before:
                raise source.fail(
                    where,
                    f"{{{name}}} is captured by {_name(other)!r}, which may not have been answered "
                    f'yet; add `after = "{_name(other)}"`',
                )


def _before(table: model.DeliveryTable, contract: model.Contract) -> set[str]:
    """The entries that were answered before this one begins."""
    after = {_name(each): each.after for each in contract.workload}
    found: set[str] = set()
    name = table.after
    while name is not None and name not in found:
        found.add(name)
        name = after.get(name)
    return found
