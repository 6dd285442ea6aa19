"""``redhanded.toml`` → ``System``. Everything wrong with the file is an ``InputError``: the file,
the line, what is wrong there, and what to write instead."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from redhanded.case.errors import InputError
from redhanded.case.system import (
    Process,
    Service,
    Stub,
    SymptomPattern,
    System,
)
from redhanded.contract import model
from redhanded.contract.addresses import check_places, check_url
from redhanded.contract.complaints import complaint
from redhanded.contract.contract_file import ContractFile
from redhanded.contract.invariants import invariant
from redhanded.contract.names import (
    FILE_NAME,
    SECURE_SERVICE_PLACES,
    SERVICE_PLACES,
    STUB_PLACES,
)
from redhanded.contract.short_forms import refuse_unsupported, written_out
from redhanded.contract.workload import delivery


def read(root: Path, *, allow_remote: bool = False) -> System:
    """The system that ``root``/``redhanded.toml`` describes; nothing is started or written.

    Raises ``InputError`` for a file that is missing, is not TOML, has an unknown key, names a file
    or a process that is not there, or a service on another machine without ``allow_remote``.
    """
    root = root.resolve()
    if not root.is_dir():
        raise InputError(f"there is no folder {root}; give the path of the project to hunt in")
    path = root / FILE_NAME
    source = ContractFile(name=FILE_NAME, text=_text(path), root=root)
    document = _parsed(source)
    refuse_unsupported(document, source.fail)
    notes: list[str] = []
    try:
        contract = model.Contract.model_validate(written_out(document, notes))
    except ValidationError as error:
        raise InputError(complaint(error, FILE_NAME, source.text)) from None
    return _system(contract, source, notes, allow_remote=allow_remote)


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise InputError(
            f"there is no {path.name} in {path.parent}, so the system cannot be run; "
            f"`redhanded init {path.parent}` writes one with the services, processes, stubs and "
            "webhook that it finds, every guess marked"
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path} cannot be read: {error}") from None


def _parsed(source: ContractFile) -> dict[str, Any]:
    try:
        return tomllib.loads(source.text)
    except tomllib.TOMLDecodeError as error:
        raise InputError(f"{source.name} is not TOML: {error}; correct that line") from None


def _system(
    contract: model.Contract, source: ContractFile, notes: list[str], *, allow_remote: bool
) -> System:
    return System(
        name=contract.system.name,
        root=str(source.root),
        prepare=tuple(contract.system.prepare),
        build=tuple(contract.system.build),
        lay_out=contract.system.lay_out,
        source=tuple(contract.system.source),
        clock=contract.system.clock,
        services=tuple(
            _service(name, table, source, allow_remote) for name, table in contract.services.items()
        ),
        processes=tuple(
            _process(name, table, source) for name, table in contract.processes.items()
        ),
        stubs=tuple(_stub(name, table, source) for name, table in contract.stubs.items()),
        dumps=_dumps(contract, source),
        setup_sql=_setup_sql(contract.setup, source),
        setup_commands=tuple(_listed(contract.setup.command)),
        workload=tuple(
            delivery(position, contract, source, notes)
            for position in range(len(contract.workload))
        ),
        symptom=SymptomPattern(**contract.symptom.model_dump()),
        invariants=tuple(
            invariant(name, table, contract, source) for name, table in contract.invariants.items()
        ),
        faults=tuple(contract.faults.may) if contract.faults is not None else None,
        test_command=contract.tests.command if contract.tests else None,
        notes=tuple(notes),
    )


def _service(
    name: str, table: model.ServiceTable, source: ContractFile, allow_remote: bool
) -> Service:
    where = ("services", name)
    places = SECURE_SERVICE_PLACES if table.tls else SERVICE_PLACES
    for key, value in table.env.items():
        if "{ca}" in value and not table.tls:
            raise source.fail(
                (*where, "env", key),
                "{ca} is the file of the lab's certificate authority, which goes with `tls = true`",
            )
    check_places(table.env, places, lambda key, says: source.fail((*where, "env", key), says))
    if table.url is not None:
        check_url(
            table.url,
            table.kind,
            allow_remote=allow_remote,
            fail=lambda sentence: source.fail((*where, "url"), sentence),
        )
    if table.migrate and table.kind == "redis":
        raise source.fail(
            (*where, "migrate"), "a redis service has no migrations; remove `migrate`"
        )
    return Service(name=name, **table.model_dump())


def _process(name: str, table: model.ProcessTable, source: ContractFile) -> Process:
    where = ("processes", name)
    if not (source.root / table.cwd).is_dir():
        raise source.fail((*where, "cwd"), f"there is no folder {table.cwd} in {source.root}")
    if table.env_file and not (source.root / table.cwd / table.env_file).is_file():
        raise source.fail((*where, "env_file"), f"there is no file {table.env_file}")
    if table.ready and table.ready_log:
        raise source.fail(
            (*where, "ready_log"), "`ready` and `ready_log` exclude each other; keep one"
        )
    return Process(name=name, **table.model_dump())


def _stub(name: str, table: model.StubTable, source: ContractFile) -> Stub:
    where = ("stubs", name)
    check_places(table.env, STUB_PLACES, lambda key, says: source.fail((*where, "env", key), says))
    source.loaded(table.routes, (*where, "routes"))
    return Stub(name=name, **table.model_dump())


def _dumps(contract: model.Contract, source: ContractFile) -> dict[str, str]:
    """By service; a file alone is for the only database."""
    where: tuple[str, ...] = ("setup", "dump")
    databases = [name for name, entry in contract.services.items() if entry.kind == "postgres"]
    given = contract.setup.dump or {}
    if isinstance(given, str):
        if len(databases) != 1:
            raise source.fail(
                where,
                f"there are {len(databases)} postgres services; say which one is restored with "
                f'`dump = {{ NAME = "{given}" }}`',
            )
        given = {databases[0]: given}
    for name, relative in given.items():
        source.known(name, databases, "postgres service", (*where, name))
        if not (source.root / relative).is_file():
            raise source.fail(where, f"there is no file {relative} in {source.root}")
    return given


def _setup_sql(table: model.SetupTable, source: ContractFile) -> tuple[str, ...]:
    """Statements as written; an entry that ends in ``.sql`` and is one word is a file."""
    statements = []
    for entry in _listed(table.sql):
        if entry.endswith(".sql") and len(entry.split()) == 1:
            path = source.root / entry
            if not path.is_file():
                raise source.fail(("setup", "sql"), f"there is no file {entry} in {source.root}")
            statements.append(path.read_text(encoding="utf-8"))
        else:
            statements.append(entry)
    return tuple(statements)


def _listed(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else value
