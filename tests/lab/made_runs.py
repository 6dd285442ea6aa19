"""Serial runs for tests: statements and commands of each task, one caused by the other."""

from __future__ import annotations

from dataclasses import replace

from made import name, operation, touch

from redhanded.case.operation import Operation, OperationName, Touch
from redhanded.case.run import Run

KEY = "cart"


def sql(
    task: int, kind: str, text: str, *touches: Touch, nth: int = 1, transaction: int | None = None
) -> Operation:
    """A statement; its index and parent are given by ``serial``."""
    target = touches[0].resource if touches else ""
    made = operation(0, name(task, kind, target, nth=nth))
    locks = " FOR UPDATE" in text
    return replace(
        made,
        name=replace(made.name, access="write" if locks else made.name.access),
        text=text,
        touches=touches,
        transaction=transaction,
        connection=task,
        fingerprint=text,
    )


def command(task: int, text: str, *touches: Touch) -> Operation:
    access = "write" if any(each.access == "write" for each in touches) else "read"
    named = OperationName(
        task=f"delivery {task}",
        role="web",
        protocol="redis",
        kind=text.split()[0].strip(";"),
        target=touches[0].resource,
        access=access,
    )
    return replace(
        operation(0, named), touches=touches, service="cache", text=text, connection=task
    )


def serial(*tasks: list[Operation]) -> Run:
    """Each task's delivery and its operations, one caused by the other."""
    operations: list[Operation] = []
    for number, task in enumerate(tasks, 1):
        operations.append(operation(len(operations), name(number, "POST", "/book")))
        for each in task:
            index = len(operations)
            operations.append(replace(each, index=index, parent=index - 1))
    return Run(operations=tuple(operations))


def read(row: str = "a") -> Touch:
    return touch("seats", "read", row=row)


def write(row: str = "a") -> Touch:
    return touch("seats", "write", row=row)


def look(task: int, transaction: int | None = None) -> Operation:
    return sql(task, "SELECT", "SELECT n FROM seats", read(), transaction=transaction)


def put(task: int, transaction: int | None = None) -> Operation:
    return sql(
        task, "UPDATE", "UPDATE seats SET n = 4 WHERE id = 1", write(), transaction=transaction
    )


def begin(task: int, level: str = "") -> Operation:
    return sql(task, "BEGIN", f"BEGIN {level}".strip(), transaction=task)


def commit(task: int, *touches: Touch) -> Operation:
    return sql(task, "COMMIT", "COMMIT", *(touches or (write(),)), transaction=task)
