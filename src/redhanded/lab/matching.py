"""What the names of a schedule mean in a program that may have been edited since.

A name is looked for among the operations that serial runs of the program as it stands were seen to
send, those of its own task first: the same statement, else the one that is most like it, else the
same effect (a COMMIT and a write that commits itself). Of several that are the same statement the
one with the same cause is meant. What is guessed after that is said.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from redhanded.case.operation import OperationName
from redhanded.lab.likeness import contained, identical, likeness
from redhanded.lab.repertoire import COMMIT, Repertoire, identity, nth

WRITE_KINDS = {COMMIT, "INSERT", "UPDATE", "DELETE", "MERGE"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Meaning:
    """What one name of a schedule is taken to mean."""

    name: OperationName | None = None
    """As the program as it stands calls it; None: it was not seen to send anything like it."""
    unclear: str = ""
    """What had to be guessed."""
    instead: str = ""
    """With None: the statement that the program sends under that name, which is another one."""


def means(wanted: OperationName, seen: OperationName) -> bool:
    """Whether ``seen`` is the very operation that ``wanted`` is, in the same program."""
    if wanted.task != seen.task:
        return False
    if wanted.mark is None or seen.mark is None:
        return wanted == seen
    return nth(wanted) == nth(seen) and identity(wanted) == identity(seen)


def meaning(wanted: OperationName, repertoire: Repertoire) -> Meaning:
    """What ``wanted`` is in a program that sends what ``repertoire`` holds."""
    if wanted.protocol == "delivery":
        own = [each for each in repertoire.by_task(wanted.task)[0] if each.protocol == "delivery"]
        return Meaning(name=wanted if wanted in own else next(iter(own), None))
    if wanted.mark is None:
        return Meaning(name=wanted if wanted in repertoire.names else None)
    if not wanted.mark.usual:
        return Meaning()
    for how in (_same_statement_of, _most_alike, _same_effect):
        for names in repertoire.by_task(wanted.task):
            own = _of_role(wanted, names, repertoire)
            found = how(wanted, own)
            if found.name is not None:
                visible = _where_visible(wanted, found.name, own)
                unclear = found.unclear
                if visible.role != wanted.role:
                    unclear += f" {wanted}: no {wanted.role} any more; {visible.role} is taken."
                return Meaning(name=replace(visible, task=wanted.task), unclear=unclear.strip())
    called = [name for names in repertoire.by_task(wanted.task) for name in names]
    others = [name for name in called if name.role == wanted.role and _called_alike(wanted, name)]
    return Meaning(instead=_statement(others[0]) if others else "")


def is_now(
    wanted: OperationName, known: OperationName, seen: OperationName, repertoire: Repertoire
) -> bool:
    """Whether ``seen`` is the operation ``known`` that ``meaning`` found for ``wanted``.

    Its statement may vary from run to run, or be the one that was wanted after all: neither counts
    if serial runs send that statement as another operation.
    """
    if means(known, seen) or repertoire.sends(seen):
        return means(known, seen)
    varied = known.kind == COMMIT and may_mean(known, seen, repertoire)
    return varied or known == seen or means(wanted, seen)


def may_mean(wanted: OperationName, seen: OperationName, repertoire: Repertoire) -> bool:
    """The same for an operation that serial runs do not show: whether ``seen`` may be it."""
    if wanted.task != seen.task or wanted.role != seen.role or not _called_alike(wanted, seen):
        return False
    if wanted.mark is None or seen.mark is None:
        return wanted == seen
    if _same_statement(wanted, seen):
        return nth(wanted) == nth(seen)
    new = not repertoire.sends(seen)
    return new and wanted.occurrence == seen.occurrence and _likeness(wanted, seen) > 0


def _same_statement_of(wanted: OperationName, names: Sequence[OperationName]) -> Meaning:
    """Also where a lock has made a write of a read."""
    same = [each for each in names if _called_alike(wanted, each) and _same_statement(wanted, each)]
    return _one_of(wanted, same)


def _most_alike(wanted: OperationName, names: Sequence[OperationName]) -> Meaning:
    alike = [each for each in names if _called_alike(wanted, each)]
    return _best(wanted, alike, _likeness)


def _same_effect(wanted: OperationName, names: Sequence[OperationName]) -> Meaning:
    """A COMMIT for a write that committed itself, and the other way round."""
    if _is_uncommitted(wanted) or wanted.kind not in WRITE_KINDS:
        return Meaning()
    alike = [
        each
        for each in names
        if each.kind in WRITE_KINDS
        and COMMIT in (each.kind, wanted.kind)
        and not _is_uncommitted(each)
        and _targets(each) & _targets(wanted)
    ]
    return _best(wanted, alike, lambda one, other: contained(_statement(one), _statement(other)))


def _best(
    wanted: OperationName,
    names: Sequence[OperationName],
    measure: Callable[[OperationName, OperationName], float],
) -> Meaning:
    """The one that is most like ``wanted``: by what it says, then by whether it still only reads,
    then by its cause; the first of those that are equal in all that."""

    def rank(name: OperationName) -> tuple[float, bool, bool]:
        return (round(measure(wanted, name), 3), name.access == wanted.access, _after(wanted, name))

    ranked = [(rank(name), name) for name in names]
    ranked = [(rank, name) for rank, name in ranked if rank[0] > 0]
    if not ranked:
        return Meaning()
    best = max(rank for rank, _ in ranked)
    first = next(name for rank, name in ranked if rank == best)
    rivals = [name for rank, name in ranked if rank == best and not _same_statement(name, first)]
    same = [name for _, name in ranked if _same_statement(name, first)]
    if not rivals:
        return _one_of(wanted, same)
    unclear = f"{wanted}: {len(rivals) + 1} statements are equally like it; the first is taken."
    return Meaning(name=first, unclear=unclear)


def _one_of(wanted: OperationName, same: Sequence[OperationName]) -> Meaning:
    """One of several that are the same statement.

    Where there are as many as there were it is the one with the same number. Where there are more
    it is one with the same cause, if there is one; then its number says nothing for sure.
    """
    if not same:
        return Meaning()
    then = wanted.mark.repetitions if wanted.mark is not None else 0
    numbered = next((each for each in same if nth(each) == nth(wanted)), None)
    if not then or len(same) <= then:
        # A repetition that no serial run has is one of another order, not another operation.
        return Meaning(name=numbered or _numbered(same[0], nth(wanted)))
    placed = [each for each in same if _after(wanted, each)] or list(same)
    taken = next((each for each in placed if nth(each) >= nth(wanted)), placed[-1])
    unclear = (
        f"{wanted}: sent {len(same)} times where it was sent {_times(then)} when the order was "
        f"found; number {nth(taken)} is taken."
    )
    return Meaning(name=taken, unclear=unclear)


def _times(number: int) -> str:
    return "once" if number == 1 else f"{number} times"


def _where_visible(
    wanted: OperationName, found: OperationName, names: Sequence[OperationName]
) -> OperationName:
    """The COMMIT of ``found`` if that stands in a transaction now and ``wanted`` did not."""
    gone = wanted.kind in WRITE_KINDS and _is_uncommitted(found) and not _is_uncommitted(wanted)
    if not gone or found not in names:
        return found
    later = names[names.index(found) + 1 :]
    return next(
        (
            each
            for each in later
            if each.kind == COMMIT and contained(_statement(found), _statement(each)) == 1.0
        ),
        found,
    )


def _of_role(
    wanted: OperationName, names: Sequence[OperationName], repertoire: Repertoire
) -> list[OperationName]:
    """Those that the same process sent; of any, if none is called so any more."""
    if wanted.role in repertoire.roles:
        return [each for each in names if each.role == wanted.role]
    return list(names)


def _called_alike(one: OperationName, other: OperationName) -> bool:
    """Whether they may be the same but for their number; a script's digest is no part of it."""
    if (one.protocol, _verb(one)) != (other.protocol, _verb(other)):
        return False
    return one.target == other.target or (
        one.kind == COMMIT and bool(_targets(one) & _targets(other))
    )


def _same_statement(one: OperationName, other: OperationName) -> bool:
    if one.protocol != "postgres":
        return one.kind == other.kind
    return identical(_statement(one), _statement(other))


def _likeness(one: OperationName, other: OperationName) -> float:
    """Scripts of Redis are alike by title, then by being scripts."""
    if one.protocol == "postgres":
        return likeness(_statement(one), _statement(other))
    mine, theirs = (_statement(each).removeprefix(each.kind).strip() for each in (one, other))
    if mine == theirs:
        return 1.0
    return 0.0 if mine and theirs else 0.5


def _numbered(name: OperationName, number: int) -> OperationName:
    mark = replace(name.mark, repetition=number) if name.mark is not None else None
    return replace(name, mark=mark, occurrence=name.occurrence + number - nth(name))


def _verb(name: OperationName) -> str:
    return name.kind.split(" ")[0] if name.protocol == "redis" else name.kind


def _targets(name: OperationName) -> set[str]:
    return set(name.target.split("+")) - {""}


def _statement(name: OperationName) -> str:
    return name.mark.statement if name.mark is not None else ""


def _is_uncommitted(name: OperationName) -> bool:
    return name.mark is not None and name.mark.uncommitted


def _after(wanted: OperationName, name: OperationName) -> bool:
    """Whether both have the same cause."""
    if wanted.mark is None or name.mark is None:
        return False
    return wanted.mark.cause == name.mark.cause
