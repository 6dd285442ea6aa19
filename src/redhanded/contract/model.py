"""The shape of ``redhanded.toml``, checked strictly: a key that nothing reads is an error.

Short forms are written out by ``reading`` before these models see them.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from redhanded.case.schedule import FaultKind

Text = Annotated[str, Field(min_length=1)]
Texts = list[Text]
Environment = dict[str, str]
Name = Annotated[str, Field(pattern=r"^[A-Za-z_]\w*$")]
Request = Annotated[str, Field(pattern=r"^[A-Z]+ /\S*$")]


class Table(BaseModel):
    """Any table of the file."""

    model_config = ConfigDict(extra="forbid", strict=True)


class SystemTable(Table):
    name: Text
    prepare: Texts = []
    build: Texts = []
    source: Annotated[Texts, Field(min_length=1)] = ["src"]
    lay_out: Text | None = None
    clock: Literal["real", "lab"] = "real"


class ServiceTable(Table):
    kind: Literal["postgres", "redis"]
    env: Annotated[Environment, Field(min_length=1)]
    url: Text | None = None
    tls: bool = False
    migrate: Text | None = None


class ProcessTable(Table):
    command: Text
    env: Environment = {}
    cwd: Text = "."
    env_file: Text | None = None
    replicas: Annotated[int, Field(ge=1, le=64)] = 1
    ready: Text | None = None
    ready_log: Text | None = None


class StubTable(Table):
    env: Annotated[Environment, Field(min_length=1)]
    routes: Text


class SetupTable(Table):
    sql: Text | Texts = []
    command: Text | Texts = []
    dump: Text | dict[str, Text] | None = None


class SignTable(Table):
    scheme: Literal["stripe", "github", "hmac-sha256"]
    secret_env: Text
    header: Text | None = None


class DeliveryTable(Table):
    to: Text
    request: Request | None = None
    run: Text | None = None
    name: Text | None = None
    json_body: Annotated[Any, Field(alias="json")] = None
    body: str | None = None
    headers: Environment = {}
    sign: SignTable | None = None
    deliveries: Annotated[int, Field(ge=1, le=100)] = 1
    gap_ms: Annotated[float, Field(ge=0)] | Literal["from-log"] | None = None
    after: Text | None = None
    expect: Annotated[int, Field(ge=0, le=599)] | None = None
    capture: dict[Name, Text] = {}
    values: dict[Name, Annotated[list[str | int | float | bool], Field(min_length=1)]] = {}


class SymptomTable(Table):
    log: Text | None = None
    sqlstate: Annotated[str, Field(pattern=r"^[0-9A-Z]{5}$")] | None = None
    status: Annotated[int, Field(ge=100, le=599)] | None = None
    rate: Annotated[float, Field(gt=0, le=1)] | None = None


class InvariantTable(Table):
    sql: Text | None = None
    redis: Text | Annotated[Texts, Field(min_length=1)] | None = None
    http: Request | None = None
    run: Text | None = None
    serial: Literal[True] | None = None
    service: Text | None = None
    to: Text | None = None
    expect: int | str | list[str] | None = None
    ignore: Text | Texts = []


class FaultsTable(Table):
    may: list[FaultKind]


class TestsTable(Table):
    command: Text


class Contract(Table):
    """The whole file."""

    system: SystemTable
    services: dict[str, ServiceTable] = {}
    processes: Annotated[dict[str, ProcessTable], Field(min_length=1)]
    stubs: dict[str, StubTable] = {}
    setup: SetupTable = SetupTable()
    workload: list[DeliveryTable] = []
    symptom: SymptomTable = SymptomTable()
    invariants: dict[str, InvariantTable] = {}
    faults: FaultsTable | None = None
    tests: TestsTable | None = None


def replicas(contract: Contract) -> list[str]:
    """What `to` may name: processes, and each replica of those that have several."""
    names = list(contract.processes)
    for name, table in contract.processes.items():
        names += [
            f"{name}.{number}" for number in range(1, table.replicas + 1) if table.replicas > 1
        ]
    return names
