"""Migrations of Django.

Reference: https://docs.djangoproject.com/en/5.2/ref/migration-operations/.
"""

from __future__ import annotations

import copy
import posixpath
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from redhanded.case.evidence import Location
from redhanded.source.flow.module import Module
from redhanded.source.flow.schemas.alembic import ordered
from redhanded.source.flow.schemas.changes import (
    AddCheck,
    AddUnique,
    Change,
    DropNamed,
    DropTable,
    Unread,
)
from redhanded.source.flow.schemas.django_fields import (
    AppLabels,
    constraint_of,
    field_of,
    together_of,
    unique,
)
from redhanded.source.flow.schemas.django_state import (
    DjangoState,
    Known,
    created,
    field_added,
    field_altered,
    field_removed,
    field_renamed,
    join_table,
    model_renamed,
    table_renamed,
    together_set,
)
from redhanded.source.flow.schemas.evaluation import Evaluation, Step
from redhanded.source.flow.schemas.lists import elements, text, texts
from redhanded.source.flow.schemas.replay import recorded, statement
from redhanded.source.flow.schemas.tool import Migration, is_true, last_call, sql_of
from redhanded.source.flow.values import Kind, Library, Made, Procedure, Record, Value
from redhanded.source.flow.values import Known as Literal

EDITOR = Library("django", ("schema_editor",))


@dataclass(slots=True, kw_only=True)
class _File:
    module: Module
    kind: Kind
    app: str
    name: str
    before: tuple[str, ...] = ()
    replaces: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        return f"{self.app}.{self.name}"


def migrations(evaluation: Evaluation) -> Iterable[Migration]:
    """All migrations of all apps, each after those it depends on."""
    files = {one.key: one for one in _files(evaluation)}
    _squash(files)
    state = DjangoState()
    for place, key in enumerate(ordered({key: one.before for key, one in files.items()})):
        yield Migration(
            path=files[key].module.path,
            group="django",
            order=(0, (place,), ""),
            changes=_reader(_Reading(evaluation, state, files[key])),
            tool="django",
        )


def _squash(files: dict[str, _File]) -> None:
    """A new database runs the squashed migration and none of those it stands for."""
    stands_for = {each: one.key for one in files.values() for each in one.replaces}

    def meant(key: str) -> str:
        seen: set[str] = set()
        while key in stands_for and key not in seen:
            seen.add(key)
            key = stands_for[key]
        return key

    for key in stands_for:
        if meant(key) in files and meant(key) != key:
            files.pop(key, None)
    for one in files.values():
        one.before = tuple(each for each in map(meant, one.before) if each != one.key)


def _files(evaluation: Evaluation) -> Iterator[_File]:
    labels = AppLabels(evaluation)
    for module in evaluation.program.importing("django"):
        folder, name = posixpath.split(module.path)
        for index, found in enumerate(module.classes):
            if found.name != "Migration" or not found.bases:
                continue
            kind = Kind(module.path, index, found.name)
            app = labels.of(folder)
            before = evaluation.member(kind, "dependencies")
            replaces = evaluation.member(kind, "replaces")
            yield _File(
                module=module,
                kind=kind,
                app=app,
                name=name.removesuffix(".py"),
                before=_keys(before),
                replaces=_keys(replaces),
            )


def _keys(value: Value) -> tuple[str, ...]:
    pairs = [texts(one) for one in elements(value)]
    return tuple(f"{one[0]}.{one[1]}" for one in pairs if len(one) == 2)


def _reader(reading: _Reading) -> Callable[[], Iterable[Change]]:
    return reading.changes


class _Reading:
    def __init__(self, evaluation: Evaluation, state: DjangoState, file: _File) -> None:
        self.evaluation, self.state, self.file = evaluation, state, file
        self.app = file.app

    def changes(self) -> Iterator[Change]:
        """What the operations of the file do, in order."""
        given = self.evaluation.member(self.file.kind, "operations")
        at = Location(path=self.file.module.path, line=1)
        if not isinstance(given, Record) or not given.is_complete:
            yield Unread(text="operations", tables=self.state.tables_of(self.app), location=at)
        yield from self.operations(elements(given) if isinstance(given, Record) else (), at)

    def operations(self, given: Iterable[Value], at: Location) -> Iterator[Change]:
        for one in given:
            called = last_call(one)
            if called is None or not isinstance(one, Library):
                yield self._unread(one, at)
                continue
            name, made = called
            read = _OPERATIONS.get(name)
            if read is not None:
                yield from read(self, made, made.location or at)

    def _unread(self, one: Value, at: Location) -> Change:
        of = one.of if isinstance(one, Record) else None
        named = of.name if isinstance(of, Kind) else "operation"
        return Unread(text=named, tables=self.state.tables_of(self.app), location=at)

    def model(self, made: Made, keyword: str = "model_name") -> Known:
        """The model of an operation; one that was never created stands for its usual table."""
        name = text(_argument(made, 0, keyword))
        found = self.state.find(self.app, name)
        if found is None:
            found = Known(app=self.app, name=name, table=f"{self.app}_{name.lower()}")
            self.state.models[self.app, name.lower()] = found
        return found


def _argument(made: Made, place: int, keyword: str) -> Value | None:
    if keyword in made.keywords:
        return made.keywords[keyword]
    return made.arguments[place] if place < len(made.arguments) else None


def _create_model(reading: _Reading, made: Made, at: Location) -> Iterator[Change]:
    name = text(_argument(made, 0, "name"))
    options = _argument(made, 2, "options")
    parts = options.parts if isinstance(options, Record) else {}
    given = text(parts.get("db_table"))
    model = Known(
        app=reading.app,
        name=name,
        table=given or f"{reading.app}_{name.lower()}",
        is_named=bool(given),
        together=together_of(parts.get("unique_together")),
    )
    managed = parts.get("managed")
    model.is_real = not is_true(parts.get("proxy")) and not (
        isinstance(managed, Literal) and managed.value is False
    )
    for pair in elements(_argument(made, 1, "fields")):
        named, *rest = elements(pair) or (pair,)
        one = field_of(reading.evaluation, text(named), rest[0]) if rest else None
        if one is not None:
            model.fields[one.name] = one
    reading.state.models[reading.app, name.lower()] = model
    if model.is_real:
        yield from created(reading.state, model, at)
        for constraint in elements(parts.get("constraints")):
            yield from _constrained(model, constraint, at)


def _delete_model(reading: _Reading, made: Made, at: Location) -> Iterator[Change]:
    model = reading.model(made, "name")
    reading.state.models.pop((model.app, model.name.lower()), None)
    if model.is_real:
        yield DropTable(table=model.table)
        for one in model.fields.values():
            if one.is_many and not one.through:
                yield DropTable(table=join_table(model, one))


def _rename_model(reading: _Reading, made: Made, at: Location) -> Iterator[Change]:
    model = reading.model(made, "old_name")
    yield from model_renamed(reading.state, model, text(_argument(made, 1, "new_name")))


def _alter_table(reading: _Reading, made: Made, at: Location) -> Iterator[Change]:
    model = reading.model(made, "name")
    table = text(_argument(made, 1, "table"))
    model.is_named = bool(table)
    yield from table_renamed(model, table or f"{model.app}_{model.name.lower()}")


def _alter_together(reading: _Reading, made: Made, at: Location) -> Iterator[Change]:
    wanted = together_of(_argument(made, 1, "unique_together"))
    yield from together_set(reading.model(made, "name"), wanted, at)


def _add_field(reading: _Reading, made: Made, at: Location) -> Iterator[Change]:
    model, name = reading.model(made), text(_argument(made, 1, "name"))
    given = _argument(made, 2, "field")
    one = field_of(reading.evaluation, name, given) if given is not None else None
    if one is not None:
        yield from field_added(reading.state, model, one, at)


def _alter_field(reading: _Reading, made: Made, at: Location) -> Iterator[Change]:
    model, name = reading.model(made), text(_argument(made, 1, "name"))
    given = _argument(made, 2, "field")
    one = field_of(reading.evaluation, name, given) if given is not None else None
    if one is not None:
        yield from field_altered(reading.state, model, one, at)
    else:
        yield Unread(text="AlterField", tables=(model.table,), location=at)


def _remove_field(reading: _Reading, made: Made, at: Location) -> Iterator[Change]:
    yield from field_removed(reading.model(made), text(_argument(made, 1, "name")))


def _rename_field(reading: _Reading, made: Made, at: Location) -> Iterator[Change]:
    old, new = text(_argument(made, 1, "old_name")), text(_argument(made, 2, "new_name"))
    yield from field_renamed(reading.model(made), old, new)


def _add_constraint(reading: _Reading, made: Made, at: Location) -> Iterator[Change]:
    given = _argument(made, 1, "constraint")
    yield from _constrained(reading.model(made), given, at)


def _constrained(model: Known, value: Value | None, at: Location) -> Iterator[Change]:
    found = constraint_of(value)
    if found is None:
        yield Unread(text="constraint", tables=(model.table,), location=at)
    elif found.fields:
        given = unique(
            model.columns(found.fields),
            "migration",
            at,
            name=found.name,
            where=found.where,
            holds_nulls=found.holds_nulls,
        )
        yield AddUnique(table=model.table, unique=given)
    else:
        yield AddCheck(table=model.table, name=found.name, text=found.text)


def _remove_constraint(reading: _Reading, made: Made, at: Location) -> Iterator[Change]:
    name = text(_argument(made, 1, "name"))
    yield DropNamed(name=name, table=reading.model(made).table)


def _run_sql(reading: _Reading, made: Made, at: Location) -> Iterator[Change]:
    given = _argument(made, 0, "sql")
    if isinstance(given, Library) and given.names[-1:] == ("noop",):
        given = None
    for one in elements(given):
        inner = elements(one)
        first = inner[0] if isinstance(one, Record) and inner else one
        step = Step(callee=EDITOR, arguments=(first,), keywords={}, location=at)
        if sql_of(first) is None:
            tables = reading.state.tables_of(reading.app)
            yield Unread(text="RunSQL of computed SQL", tables=tables, location=at)
        else:
            yield from statement(step, first)
    if made.keywords.get("state_operations") is not None:
        state_only = elements(made.keywords["state_operations"])
        list(reading.operations(state_only, at))  # only the models change


def _run_python(reading: _Reading, made: Made, at: Location) -> Iterator[Change]:
    code = _argument(made, 0, "code")
    if isinstance(code, Procedure):
        apps = Library("django", ("apps",))
        yield from recorded(reading.evaluation, [(code, (apps, EDITOR))], _executed)


def _executed(step: Step) -> Iterable[Change] | None:
    """SQL that a function of a migration executes."""
    ours = step.callee.package == "django" and step.method in ("execute", "executescript")
    if not ours:
        return None
    text_of = sql_of(step.argument(0))
    if text_of is None:
        return ()  # data is moved; a change of tables is written out where people read it
    return statement(step, step.argument(0))


def _separate(reading: _Reading, made: Made, at: Location) -> Iterator[Change]:
    """The database's part is done on the models as they stand, then the models change."""
    before = copy.deepcopy(reading.state.models)
    database = elements(_argument(made, 0, "database_operations"))
    yield from reading.operations(database, at)
    reading.state.models = before
    list(reading.operations(elements(_argument(made, 1, "state_operations")), at))


_OPERATIONS: dict[str, Callable[[_Reading, Made, Location], Iterator[Change]]] = {
    "CreateModel": _create_model,
    "DeleteModel": _delete_model,
    "RenameModel": _rename_model,
    "AlterModelTable": _alter_table,
    "AlterUniqueTogether": _alter_together,
    "AddField": _add_field,
    "AlterField": _alter_field,
    "RemoveField": _remove_field,
    "RenameField": _rename_field,
    "AddConstraint": _add_constraint,
    "AddConstraintNotValid": _add_constraint,
    "RemoveConstraint": _remove_constraint,
    "RunSQL": _run_sql,
    "RunPython": _run_python,
    "SeparateDatabaseAndState": _separate,
}
"""Others (indexes, extensions, managers, options) change no constraint."""
