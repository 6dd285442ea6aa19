"""``[invariants.…]`` → ``Invariant``: one way of telling each, and what goes with it."""

from __future__ import annotations

import shlex

from redhanded.case.system import Invariant
from redhanded.contract import model
from redhanded.contract.contract_file import ContractFile, Where

KINDS = ("sql", "redis", "http", "run", "serial")
GOES_WITH = {
    "service": ("sql", "redis"),
    "to": ("http",),
    "expect": ("redis", "http", "run"),
    "ignore": ("serial",),
}
"""Keys that only some kinds of invariant read."""


def invariant(
    name: str, table: model.InvariantTable, contract: model.Contract, source: ContractFile
) -> Invariant:
    """One invariant; raises for none or several kinds in it, and for keys of other kinds."""
    where = ("invariants", name)
    kind = _kind(table, where, source)
    return Invariant(
        name=name,
        sql=table.sql,
        redis=_words(table, (*where, "redis"), source),
        http=table.http,
        run=table.run,
        serial=bool(table.serial),
        service=_service(table, kind, contract, where, source),
        to=_process(table, kind, contract, where, source),
        expect=_expected(table, kind, (*where, "expect"), source),
        ignore=(table.ignore,) if isinstance(table.ignore, str) else tuple(table.ignore),
    )


def _kind(table: model.InvariantTable, where: Where, source: ContractFile) -> str:
    kinds = [key for key in KINDS if getattr(table, key) is not None]
    if len(kinds) != 1:
        said = f"{' and '.join(kinds)} exclude each other" if kinds else "says nothing to check"
        raise source.fail(where, f"the invariant {where[-1]!r}: {said}; give one of {_all(KINDS)}")
    for key, readers in GOES_WITH.items():
        if getattr(table, key) not in (None, []) and kinds[0] not in readers:
            raise source.fail(
                (*where, key), f"`{key}` goes with {_all(readers)} and not with {kinds[0]}"
            )
    return kinds[0]


def _all(keys: tuple[str, ...]) -> str:
    return ", ".join(f"`{key}`" for key in keys)


def _words(table: model.InvariantTable, where: Where, source: ContractFile) -> tuple[str, ...]:
    if not isinstance(table.redis, str):
        return tuple(table.redis or ())
    try:
        return tuple(shlex.split(table.redis))
    except ValueError as error:
        raise source.fail(
            where, f"the command cannot be taken apart ({error}); give its words as a list"
        ) from None


def _service(
    table: model.InvariantTable,
    kind: str,
    contract: model.Contract,
    where: Where,
    source: ContractFile,
) -> str | None:
    if kind not in ("sql", "redis"):
        return None
    wanted = "postgres" if kind == "sql" else "redis"
    servers = [name for name, entry in contract.services.items() if entry.kind == wanted]
    if table.service is not None:
        source.known(table.service, servers, f"{wanted} service", (*where, "service"))
    elif len(servers) != 1:
        raise source.fail(
            where, f'there are {len(servers)} {wanted} services; say which one with `service = "…"`'
        )
    return table.service


def _process(
    table: model.InvariantTable,
    kind: str,
    contract: model.Contract,
    where: Where,
    source: ContractFile,
) -> str | None:
    if kind != "http":
        return None
    if table.to is not None:
        source.known(table.to, model.replicas(contract), "process", (*where, "to"))
        return table.to
    serving = [name for name, entry in contract.processes.items() if entry.ready]
    names = serving or list(contract.processes)
    if len(names) != 1:
        raise source.fail(where, 'say which process is asked with `to = "…"`')
    return names[0]


def _expected(
    table: model.InvariantTable, kind: str, where: Where, source: ContractFile
) -> str | int | tuple[str, ...] | None:
    expected = table.expect
    if kind in ("http", "run") and expected is not None and not isinstance(expected, int):
        what = "a status" if kind == "http" else "an exit code"
        raise source.fail(where, f"`expect` is {what}, a number")
    return tuple(expected) if isinstance(expected, list) else expected
